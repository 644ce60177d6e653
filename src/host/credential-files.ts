import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Validity } from '../words/renewal.ts'
import { thrownMessage } from '../words/thrown.ts'
import { validityOf, type CertificateWithKey } from './pki-certificate.ts'
import { readFileIfPresent, writePrivateFile, writePrivateFiles } from './private-file.ts'

/** A certificate and its key, each in a file of its own; or both in one, which then changes as a whole. */
export interface PairFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** What the files hold, right or wrong. */
export function pairIn({ certificateFile, keyFile }: PairFiles): CertificateWithKey {
  const certificatePem = readFileSync(certificateFile, 'utf8')
  return certificateFile === keyFile ? parted(certificatePem) : { certificatePem, keyPem: readFileSync(keyFile, 'utf8') }
}

/** Undefined where one of them is missing. */
export function pairIfPresent({ certificateFile, keyFile }: PairFiles): CertificateWithKey | undefined {
  const certificatePem = readFileIfPresent(certificateFile)
  if (certificateFile === keyFile) return certificatePem === undefined ? undefined : parted(certificatePem)
  const keyPem = readFileIfPresent(keyFile)
  return certificatePem === undefined || keyPem === undefined ? undefined : { certificatePem, keyPem }
}

const KEY = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]*-----END \1-----\n?/

/** The key must not go where certificates go. */
function parted(text: string): CertificateWithKey {
  const keyPem = KEY.exec(text)?.[0] ?? ''
  return { certificatePem: text.replace(keyPem, ''), keyPem }
}

const REMEDY = 'Start the cluster again (lotse down, then lotse up): what is amiss is made anew then.'
/** Files of one pair are replaced one after the other: who reads in between reads again. */
const MAX_READS = 3

/** From when to when what is there counts. Throws as readPair does, but not of one that has ended. */
export function pairValidity(files: PairFiles): Validity {
  return validityOf(readPair(files, -Infinity).certificatePem)
}

/** Throws an Error that names the file, what is wrong with it, and what to do. */
export function readPair(files: PairFiles, now: number): CertificateWithKey {
  for (let read = 1; ; read++) {
    const problem = pairProblem(files, now)
    if (typeof problem !== 'string') return problem
    if (read === MAX_READS) throw new Error(`${problem}. ${REMEDY}`)
  }
}

function pairProblem(files: PairFiles, now: number): CertificateWithKey | string {
  const { certificateFile, keyFile } = files
  try {
    const pair = pairIn(files)
    const certificate = checked(certificateFile, () => new X509Certificate(pair.certificatePem))
    const key = checked(keyFile, () => createPrivateKey(pair.keyPem))
    if (!certificate.checkPrivateKey(key)) return `${keyFile}: it is not the key of ${certificateFile}`
    return Date.parse(certificate.validTo) <= now ? `${certificateFile}: it expired on ${certificate.validTo}` : pair
  } catch (error) {
    return thrownMessage(error)
  }
}

export function checked<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`${file}: ${thrownMessage(error)}`, { cause: error })
  }
}

/** The key is written first: a certificate on the disk always has its key there. Only their owner may read them. */
export function writePair({ certificateFile, keyFile }: PairFiles, { certificatePem, keyPem }: CertificateWithKey): void {
  if (certificateFile === keyFile) return writePrivateFile(certificateFile, `${certificatePem.trimEnd()}\n${keyPem}`)
  writePrivateFiles([[keyFile, keyPem], [certificateFile, certificatePem]])
}
