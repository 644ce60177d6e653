import { X509Certificate, createPrivateKey } from 'node:crypto'
import type { ConfigWatchPorts } from '../apiserver/access/config/config-watch.ts'
import type { KeptCertificate } from '../client/certificate-keeper.ts'
import { createCertificateRequest } from './certificate-request.ts'
import { pairIn, pairValidity, readPair, writePair, type PairFiles } from './credential-files.ts'
import { followCertificates, type FollowedUse } from './followed-certificates.ts'
import type { CertificateWithKey } from './pki-certificate.ts'

/** By the first a node is known to the API server, with the second it serves logs and streams. */
export interface NodeCertificates {
  readonly client: CertificateWithKey
  readonly serving: CertificateWithKey
}

export type NodeCertificateFiles = Readonly<Record<keyof NodeCertificates, PairFiles>>

/** Throws an Error that names the file, what is wrong with it, and what to do. */
export function readNodeCertificates({ client, serving }: NodeCertificateFiles, now: number): NodeCertificates {
  return { client: readPair(client, now), serving: readPair(serving, now) }
}

export interface FollowedNode extends FollowedUse<NodeCertificates> {
  readonly files: NodeCertificateFiles
}

/** Takes changed files into force until the signal aborts. New connections are made with them; old ones go on. */
export async function followNodeCertificates(followed: FollowedNode, ports: ConfigWatchPorts, signal: AbortSignal): Promise<void> {
  const { files } = followed
  await followCertificates({
    ...followed, what: "the node's certificates", file: files.client.certificateFile,
    look: () => ({ client: pairIn(files.client), serving: pairIn(files.serving) }),
    read: () => readNodeCertificates(files, ports.clock.now()),
  }, ports, signal)
}

export interface NodeCertificateWish {
  readonly files: PairFiles
  readonly nodeName: string
  /** By which the node is reached; those who only call have none. */
  readonly names: readonly string[]
  /** Of the cluster: what others have signed is not taken. */
  readonly authorityPem: string
  /** Has the request signed by the cluster. */
  sign(requestPem: string, signal: AbortSignal): Promise<string>
}

/** A certificate of the node, renewed by asking the cluster for another one, with a new key. */
export function keptNodeCertificate({ files, nodeName, names, authorityPem, sign }: NodeCertificateWish): KeptCertificate {
  const subject = { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] }
  return {
    file: files.certificateFile,
    validity: () => pairValidity(files),
    async renew(signal) {
      const { requestPem, keyPem } = createCertificateRequest({ ...subject, names, addresses: [] })
      const certificatePem = await sign(requestPem, signal)
      checkSigned({ certificatePem, keyPem }, authorityPem)
      writePair(files, { certificatePem, keyPem })
    },
    remedy: 'the server of the cluster makes another one as soon as it runs again',
  }
}

function checkSigned({ certificatePem, keyPem }: CertificateWithKey, authorityPem: string): void {
  const certificate = new X509Certificate(certificatePem)
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) throw new Error('the certificate that was signed is for another key')
  if (!certificate.verify(new X509Certificate(authorityPem).publicKey)) throw new Error("another authority than the cluster's has signed")
}
