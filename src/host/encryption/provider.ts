import type { Opening } from '../../store/sealed-store.ts'

/** One key (or one KMS) of an encryption configuration. Its sealed values begin with its prefix, as upstream's do. */
export interface Provider {
  /** For messages: aesgcm key "key1". Never anything secret. */
  readonly title: string
  /** k8s:enc:aesgcm:v1:key1: */
  readonly prefix: string
  /** The whole stored form. Throws StoreUnavailable where nothing can be sealed now. */
  seal(key: string, plain: Uint8Array): Uint8Array
  /** body is the stored form without the prefix. */
  opening(key: string, body: Uint8Array): Opening | Promise<Opening>
  /** Whether seal would use the same key today. */
  isCurrent(body: Uint8Array): boolean
}

/** What every sealed value begins with. */
export const SEALED_MARK = 'k8s:enc:'

/** The value was sealed by another key, or it is not what was sealed. */
export class CannotOpen extends Error {
  override readonly name = 'CannotOpen'
}

export const identity: Provider = {
  title: 'identity',
  prefix: '',
  seal: (_key, plain) => plain,
  opening: (_key, body) => () => body,
  isCurrent: () => true,
}
