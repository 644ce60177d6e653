import type { WebhookTarget } from '../../webhooks/webhook-caller.ts'

/** Files that configuration names: host/config-files.ts. */
export interface ConfigFiles {
  /** Throws an Error that says why it cannot be read. */
  read(path: string): Uint8Array
  /** Whom the current context of a kubeconfig means. Throws an Error that names the file and the field, and shows no secret. */
  webhookTarget(kubeconfig: string): WebhookTarget
}
