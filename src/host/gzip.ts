import { promisify } from 'node:util'
import { gunzip, gzip as zip } from 'node:zlib'
import type { Gzip } from '../apiserver/discovery/openapi-documents.ts'

const zipLater = promisify(zip)
const unzipLater = promisify(gunzip)

/** On libuv's threads: packing three megabytes takes 60 ms, in which others want to be answered. */
export const gzip: Gzip = {
  zip: (bytes) => zipLater(bytes),
  unzip: (bytes) => unzipLater(bytes),
}
