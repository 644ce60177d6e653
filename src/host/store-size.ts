import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gauge } from '../apiserver/metrics/metric-family.ts'
import type { MetricSource } from '../apiserver/metrics/metric-family.ts'

/** Files with holes are as large as what was written. */
const BLOCK_BYTES = 512

/** What the store's files take on the disk, looked up when somebody asks. A file may go meanwhile. */
export function storeSizeMetrics(directory: string): MetricSource {
  return () => {
    let bytes = 0
    for (const name of readdirSync(directory)) {
      const found = statSync(join(directory, name), { throwIfNoEntry: false })
      bytes += (found?.blocks ?? 0) * BLOCK_BYTES
    }
    return [gauge('apiserver_storage_size_bytes', 'Bytes of the files of the store.', [[{ storage_cluster_id: 'embedded' }, bytes]])]
  }
}
