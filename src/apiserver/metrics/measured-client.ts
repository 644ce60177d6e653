import type {
  Client, DeleteOptions, ListOptions, ObjectList, Patch, UpdateOptions, WatchEvent, WatchOptions, WriteOptions,
} from '../../client/client.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../../objects/kube-object.ts'
import type { CallMethod, HostCalls } from './client-calls.ts'

/** Counts what the server's own parts ask, as if it had come from this machine. Watches count where they begin: in-process-client.ts. */
export class MeasuredClient implements Client {
  readonly #inner: Client
  readonly #calls: HostCalls

  constructor(inner: Client, calls: HostCalls) {
    this.#inner = inner
    this.#calls = calls
  }

  get<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): Promise<T> {
    return this.#counted('GET', this.#calls.now(), this.#inner.get(kind, key))
  }

  list<T extends KubeObject>(kind: KindRef<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#counted('GET', this.#calls.now(), this.#inner.list(kind, options))
  }

  watch<T extends KubeObject>(kind: KindRef<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return this.#inner.watch(kind, options)
  }

  create<T extends KubeObject>(kind: KindRef<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#counted('POST', this.#calls.now(), this.#inner.create(kind, object, options))
  }

  update<T extends KubeObject>(kind: KindRef<T>, object: T, options?: UpdateOptions): Promise<T> {
    return this.#counted('PUT', this.#calls.now(), this.#inner.update(kind, object, options))
  }

  patch<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, patch: Patch, options?: UpdateOptions): Promise<T> {
    return this.#counted('PATCH', this.#calls.now(), this.#inner.patch(kind, key, patch, options))
  }

  delete<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, options?: DeleteOptions): Promise<T | undefined> {
    return this.#counted('DELETE', this.#calls.now(), this.#inner.delete(kind, key, options))
  }

  deleteCollection(kind: KindRef, selection: ListOptions, options?: DeleteOptions): Promise<void> {
    return this.#counted('DELETE', this.#calls.now(), this.#inner.deleteCollection(kind, selection, options))
  }

  createSubresource<B extends object, R extends object>(kind: KindRef, key: ObjectKey, subresource: string, body: B): Promise<R> {
    return this.#counted('POST', this.#calls.now(), this.#inner.createSubresource<B, R>(kind, key, subresource, body))
  }

  /** The time is taken before the call: arguments are looked at in their order. */
  #counted<T>(method: CallMethod, startedAt: number, answer: Promise<T>): Promise<T> {
    answer.then(
      () => this.#calls.answered(method, method === 'POST' ? 201 : 200, startedAt),
      (error: unknown) => this.#calls.failed(method, error, startedAt),
    )
    return answer
  }
}
