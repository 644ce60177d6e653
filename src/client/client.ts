import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'

export interface ListOptions {
  /** '' or absent: all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continueToken?: string
  /** Absent: consistent read. '0': whatever the cache has. */
  readonly resourceVersion?: string
}

export interface ObjectList<T> {
  readonly items: readonly T[]
  readonly resourceVersion: string
  readonly continueToken: string
}

export interface WatchOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Changes after this one. Absent with sendInitialEvents: the state first, then a bookmark that says it is whole. */
  readonly resourceVersion?: string
  readonly sendInitialEvents?: boolean
  readonly signal: AbortSignal
}

export type WatchEvent<T> =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T }
  | { readonly type: 'bookmark'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }

export interface WriteOptions {
  readonly fieldManager?: string
  readonly dryRun?: boolean
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict'
}

export interface UpdateOptions extends WriteOptions {
  readonly subresource?: string
}

export interface DeleteOptions {
  readonly dryRun?: boolean
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
  readonly uid?: string
  readonly resourceVersion?: string
}

export type Patch =
  | { readonly type: 'json'; readonly operations: readonly unknown[] }
  | { readonly type: 'merge' | 'strategic'; readonly body: object }
  | { readonly type: 'apply'; readonly body: object; readonly force: boolean }

/**
 * The API as the cluster's own parts use it. Two implementations: in-process (apiserver/in-process-client.ts, which shares the
 * server's immutable objects) and over HTTPS (client/http-client.ts). All calls throw StatusError; objects that come back are
 * shared and must not be changed: build a new one that shares the unchanged parts.
 */
export interface Client {
  get<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): Promise<T>
  list<T extends KubeObject>(kind: KindRef<T>, options?: ListOptions): Promise<ObjectList<T>>
  /** Ends when the signal aborts; throws StatusError 410 Expired when its revision is gone. */
  watch<T extends KubeObject>(kind: KindRef<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>
  create<T extends KubeObject>(kind: KindRef<T>, object: T, options?: WriteOptions): Promise<T>
  /** Checks metadata.resourceVersion and metadata.uid where the object has them. */
  update<T extends KubeObject>(kind: KindRef<T>, object: T, options?: UpdateOptions): Promise<T>
  patch<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, patch: Patch, options?: UpdateOptions): Promise<T>
  /** What was deleted, or what is now being deleted (a finalizer or a grace period holds it); undefined when only a Status came back. */
  delete<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, options?: DeleteOptions): Promise<T | undefined>
  deleteCollection(kind: KindRef, selection: ListOptions, options?: DeleteOptions): Promise<void>
  /** POST to a subresource: pods/binding, pods/eviction, serviceaccounts/token. */
  createSubresource<B extends object, R extends object>(kind: KindRef, key: ObjectKey, subresource: string, body: B): Promise<R>
}
