import { once } from 'node:events'
import { promisify } from 'node:util'
import { constants, createGzip, gunzip, gzip as zip } from 'node:zlib'
import { BLOCK_BYTES, type ByteSink } from '../apiserver/http.ts'
import type { Gzip, PackingSink } from '../apiserver/negotiate/gzip.ts'

const zipLater = promisify(zip)
const unzipLater = promisify(gunzip)

/** On libuv's threads: packing three megabytes takes 60 ms, in which others want to be answered. */
export const gzip: Gzip = {
  // A copy: small results are views of a larger block, which would stay with them.
  zip: async (bytes) => Uint8Array.from(await zipLater(bytes)),
  unzip: (bytes) => unzipLater(bytes),
  packing,
}

function packing(sink: ByteSink): PackingSink {
  const spare: Uint8Array[] = []
  const packer = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: BLOCK_BYTES })
  const ended = new Promise<void>((resolve, reject) => packer.once('end', resolve).once('error', reject))
  // It may fail before anybody waits for it.
  ended.catch(() => undefined)
  packer.on('data', (bytes: Buffer) => {
    if (sink.write(bytes)) return
    packer.pause()
    void sink.drained().then(() => packer.resume())
  })
  return {
    write: (bytes) => packer.write(bytes),
    writeCopy(bytes) {
      const room = spare.pop() ?? new Uint8Array(BLOCK_BYTES)
      room.set(bytes)
      return packer.write(room.subarray(0, bytes.length), () => spare.push(room))
    },
    backlogBytes: () => packer.writableLength + packer.readableLength + sink.backlogBytes(),
    async drained() {
      if (packer.writableNeedDrain) await once(packer, 'drain')
    },
    end() {
      packer.end()
      return ended
    },
    abandon: () => void packer.destroy(),
  }
}
