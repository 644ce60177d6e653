/** A thread that reads one answer to its end, and tells how long it was and how long it took. */
import { parentPort, workerData } from 'node:worker_threads'
import { openConnection, prepare, type LoadTarget } from './http2-client.ts'

export interface ReadInTurn {
  readonly target: LoadTarget
  readonly path: string
  readonly accept: string
  /** bookmark: a watch whose state has been told. */
  readonly until: 'end' | 'bookmark'
}

const BOOKMARK = '"type":"BOOKMARK"'

async function main({ target, path, accept, until }: ReadInTurn): Promise<void> {
  const connection = await openConnection(target)
  const started = performance.now()
  let bytes = 0
  await new Promise<void>((resolve, reject) => {
    connection.start(prepare({ headers: { ':method': 'GET', ':path': path, accept } }), {
      onStatus: (status) => (status === 200 ? undefined : reject(new Error(`${path} was answered with ${status}`))),
      onData: (data) => {
        bytes += data.length
        if (until === 'bookmark' && data.includes(BOOKMARK)) resolve()
      },
      onEnd: resolve,
    })
  })
  connection.close()
  parentPort?.postMessage({ bytes, elapsedMs: performance.now() - started })
}

await main(workerData as ReadInTurn)
