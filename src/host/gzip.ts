import { promisify } from 'node:util'
import { gunzip, gzip as zip } from 'node:zlib'
import type { Gzip } from '../apiserver/discovery/openapi-documents.ts'

const zipLater = promisify(zip)
const unzipLater = promisify(gunzip)

/** On libuv's threads: packing three megabytes takes 60 ms, in which others want to be answered. */
export const gzip: Gzip = {
  // A copy: small results are views of a larger block, which would stay with them.
  zip: async (bytes) => Uint8Array.from(await zipLater(bytes)),
  unzip: (bytes) => unzipLater(bytes),
}
