import { readFileSync, statSync } from 'node:fs'
import type { ConfigFiles } from '../apiserver/access/config/config-files.ts'
import { readWebhookKubeconfig } from './webhook-kubeconfig.ts'

const MAX_BYTES = 4 * 1024 * 1024

export const configFiles: ConfigFiles = {
  read(path) {
    const status = statSync(path)
    if (!status.isFile()) throw new Error(`${path} is no regular file`)
    if (status.size > MAX_BYTES) throw new Error(`${path} is larger than ${MAX_BYTES} bytes`)
    return readFileSync(path)
  },
  webhookTarget: readWebhookKubeconfig,
}
