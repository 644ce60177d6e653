import { utf8 } from '../../../words/bytes.ts'
import type { WebhookTarget } from '../../webhooks/webhook-caller.ts'
import type { ConfigFiles } from './config-files.ts'

export const webhookTargetForTests: WebhookTarget = {
  host: '192.0.2.9', port: 443, path: '/review', serverName: 'hook.example', authority: 'hook.example', caPem: 'CA',
}

/** Files that are texts; each that is asked for as a kubeconfig names the same server. */
export function filesOf(texts: Map<string, string>): ConfigFiles {
  const read = (path: string): Uint8Array => {
    const text = texts.get(path)
    if (text === undefined) throw new Error(`no such file: ${path}`)
    return utf8(text)
  }
  return {
    read,
    webhookTarget(kubeconfig) {
      read(kubeconfig)
      return webhookTargetForTests
    },
  }
}
