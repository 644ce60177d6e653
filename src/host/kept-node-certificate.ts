import { X509Certificate, createPrivateKey } from 'node:crypto'
import type { KeptCertificate } from '../client/certificate-keeper.ts'
import { createCertificateRequest } from './certificate-request.ts'
import { pairValidity, writePair, type PairFiles } from './credential-files.ts'
import type { CertificateWithKey } from './pki-certificate.ts'

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
