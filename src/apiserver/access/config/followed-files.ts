import { textOf } from '../../../words/bytes.ts'
import type { WebhookTarget } from '../../webhooks/webhook-caller.ts'
import type { ConfigFiles } from './config-files.ts'

/** Reads for one configuration, and remembers what it read: kubeconfigs that it names, and the certificates in them, are a part of it. */
export class FollowedFiles implements ConfigFiles {
  readonly #files: ConfigFiles
  /** What each look showed, and the look itself. */
  readonly #seen = new Map<string, { readonly shown: string; again(): string }>()

  constructor(files: ConfigFiles) {
    this.#files = files
  }

  read(path: string): Uint8Array {
    const content = this.#files.read(path)
    this.#seen.set(`file ${path}`, { shown: textOf(content), again: () => textOf(this.#files.read(path)) })
    return content
  }

  webhookTarget(kubeconfig: string): WebhookTarget {
    const target = this.#files.webhookTarget(kubeconfig)
    // Tokens in files are read for each call anyway.
    this.#seen.set(
      `kubeconfig ${kubeconfig}`, { shown: JSON.stringify(target), again: () => JSON.stringify(this.#files.webhookTarget(kubeconfig)) },
    )
    return target
  }

  /** What was read. */
  state(): string {
    return JSON.stringify([...this.#seen.values()].map(({ shown }) => shown))
  }

  /** The same, read anew: another text where something has changed. Throws where something cannot be read. */
  look(): string {
    return JSON.stringify([...this.#seen.values()].map(({ again }) => again()))
  }
}
