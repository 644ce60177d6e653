import type {
  Client, DeleteOptions, ListOptions, ObjectList, Patch, UpdateOptions, WatchEvent, WatchOptions, WriteOptions,
} from '../../client/client.ts'
import { deleteBody, listQuery, resourcePath, watchQuery, withQuery, writeQuery } from '../../client/resource-path.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../../objects/kube-object.ts'
import { StatusError, internalError } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { AuditNotes, Authorizer, RequestInfo, User } from '../access.ts'
import type { AuditTrail } from './audit-trail.ts'
import type { Auditor } from './auditor.ts'

export interface AuditedClientParts {
  /** The client whose calls leave their notes there. */
  inner(notes: AuditNotes | undefined): Client
  readonly user: User
  readonly signal: AbortSignal
  /** Asked for at each call: the server hands out clients before all of its parts are there. */
  auditor(): Auditor
  authorizer(): Authorizer
}

interface Asked {
  readonly verb: string
  readonly method: string
  readonly key?: Partial<ObjectKey>
  readonly subresource?: string
  readonly query?: Parameters<typeof withQuery>[1]
}

/**
 * The client of the server's own parts, whose calls are written down as if they had come over HTTP from this machine. What a list gave
 * is left out of its event: the parts read every object when they start.
 */
export class AuditedClient implements Client {
  readonly #parts: AuditedClientParts

  constructor(parts: AuditedClientParts) {
    this.#parts = parts
  }

  get<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): Promise<T> {
    return this.#told(kind, { verb: 'get', method: 'GET', key }, undefined, (inner) => inner.get(kind, key))
  }

  list<T extends KubeObject>(kind: KindRef<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const asked = { verb: 'list', method: 'GET', key: keyIn(options.namespace), query: listQuery(options) }
    return this.#told(kind, asked, undefined, (inner) => inner.list(kind, options))
  }

  watch<T extends KubeObject>(kind: KindRef<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return {
      [Symbol.asyncIterator]: () => {
        const events = this.#parts.inner(undefined).watch(kind, options)[Symbol.asyncIterator]()
        const trail = this.#begin(kind, { verb: 'watch', method: 'GET', key: keyIn(options.namespace), query: watchQuery(options) })
        return trail === undefined ? events : followed(events, trail)
      },
    }
  }

  create<T extends KubeObject>(kind: KindRef<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const asked = { verb: 'create', method: 'POST', key: keyIn(object.metadata.namespace), query: writeQuery(options) }
    return this.#told(kind, asked, object, (inner) => inner.create(kind, object, options))
  }

  update<T extends KubeObject>(kind: KindRef<T>, object: T, options: UpdateOptions = {}): Promise<T> {
    const { namespace = '', name = '' } = object.metadata
    const { subresource = '' } = options
    const asked = { verb: 'update', method: 'PUT', key: { namespace, name }, subresource, query: writeQuery(options) }
    return this.#told(kind, asked, object, (inner) => inner.update(kind, object, options))
  }

  patch<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, patch: Patch, options: UpdateOptions = {}): Promise<T> {
    const asked = { verb: 'patch', method: 'PATCH', key, subresource: options.subresource ?? '', query: writeQuery(options) }
    const body = patch.type === 'json' ? patch.operations : patch.body
    return this.#told(kind, asked, body, (inner) => inner.patch(kind, key, patch, options))
  }

  delete<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<T | undefined> {
    const asked = { verb: 'delete', method: 'DELETE', key }
    return this.#told(kind, asked, deleteBody(options), (inner) => inner.delete(kind, key, options))
  }

  deleteCollection(kind: KindRef, selection: ListOptions, options: DeleteOptions = {}): Promise<void> {
    const asked = { verb: 'deletecollection', method: 'DELETE', key: keyIn(selection.namespace), query: listQuery(selection) }
    return this.#told(kind, asked, deleteBody(options), (inner) => inner.deleteCollection(kind, selection, options))
  }

  createSubresource<B extends object, R extends object>(kind: KindRef, key: ObjectKey, subresource: string, body: B): Promise<R> {
    const asked = { verb: 'create', method: 'POST', key, subresource }
    return this.#told(kind, asked, body, (inner) => inner.createSubresource<B, R>(kind, key, subresource, body))
  }

  async #told<R>(kind: KindRef, asked: Asked, body: unknown, work: (inner: Client) => Promise<R>): Promise<R> {
    const trail = this.#begin(kind, asked)
    if (trail === undefined) return work(this.#parts.inner(undefined))
    if (asked.verb === 'create' || asked.verb === 'update') trail.requestObject(body)
    else trail.requestBody(body)
    trail.decided(await this.#parts.authorizer().authorize(this.#parts.user, infoOf(kind, asked)))
    try {
      const result = await work(this.#parts.inner(trail))
      trail.completed(asked.verb === 'create' ? 201 : 200, asked.verb === 'list' ? undefined : result)
      return result
    } catch (error) {
      trail.refused(error instanceof StatusError ? error : internalError(thrownMessage(error)))
      throw error
    }
  }

  #begin(kind: KindRef, asked: Asked): AuditTrail | undefined {
    const { user, signal } = this.#parts
    const [path = '', query = ''] = withQuery(pathOf(kind, asked), asked.query ?? {}).split('?')
    const trail = this.#parts.auditor().begin({
      method: asked.method, path, query, headers: { 'user-agent': `lotse/${user.name}` },
      peer: { address: '127.0.0.1', certificate: undefined }, body: () => Promise.resolve(new Uint8Array()), signal,
    })
    trail.asked(infoOf(kind, asked))
    trail.authenticated(user)
    return trail.isWanted ? trail : undefined
  }
}

function keyIn(namespace = ''): ObjectKey {
  return { namespace, name: '' }
}

function pathOf(kind: KindRef, { key, subresource = '' }: Asked): string {
  return resourcePath(kind, { ...key, subresource })
}

function infoOf(kind: KindRef, asked: Asked): RequestInfo {
  const { verb, key, subresource = '' } = asked
  return {
    isResource: true, verb, group: kind.group, version: kind.version, resource: kind.plural, subresource,
    namespace: key?.namespace ?? '', name: key?.name ?? '', path: pathOf(kind, asked),
  }
}

/** Told of its beginning and its end, however it ends; what comes between is passed on as it is. */
function followed<T>(events: AsyncIterator<T>, trail: AuditTrail): AsyncIterator<T> {
  let over = false
  const end = (): void => {
    if (!over) trail.completed(200, undefined)
    over = true
  }
  trail.started()
  return {
    next: () => events.next().then((result) => {
      if (result.done === true) end()
      return result
    }, (error: unknown) => {
      end()
      throw error
    }),
    return: () => {
      end()
      return events.return?.() ?? Promise.resolve({ done: true, value: undefined })
    },
  }
}
