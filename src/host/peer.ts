import type { TLSSocket } from 'node:tls'
import type { Peer } from '../apiserver/http.ts'

/** Who is at the other end. A certificate counts only when TLS found it valid, for client use and signed by our authority. */
export function peerOf(socket: TLSSocket): Peer {
  return { address: socket.remoteAddress ?? '', certificate: socket.authorized ? subjectOf(socket) : undefined }
}

function subjectOf(socket: TLSSocket): Peer['certificate'] {
  const subject: Readonly<Record<string, unknown>> = { ...socket.getPeerCertificate().subject }
  const commonName = subject['CN']
  // Two common names could be read as one user here and as another elsewhere.
  if (typeof commonName !== 'string') return undefined
  const organizations = [subject['O']].flat().filter((organization) => typeof organization === 'string')
  return { commonName, organizations }
}
