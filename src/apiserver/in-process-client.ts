import type {
  Client, DeleteOptions, ListOptions, ObjectList, Patch, UpdateOptions, WatchEvent, WatchOptions, WriteOptions,
} from '../client/client.ts'
import { isObject } from '../objects/json.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import type { Log } from '../words/ports.ts'
import { badRequest, expired, methodNotAllowed } from '../words/status-error.ts'
import type { AuditNotes, Authorizer, RequestInfo, User } from './access.ts'
import { requireAllowed } from './access/denial.ts'
import type { DispatchParts } from './front/dispatch.ts'
import { getObject } from './front/reads.ts'
import { callObjectRoute } from './front/route-calls.ts'
import { createObject } from './pipeline/create.ts'
import { deleteCollection } from './pipeline/delete-collection.ts'
import { deleteObject } from './pipeline/delete.ts'
import { freshDraft } from './pipeline/fresh-draft.ts'
import { completeDeleteOptions, objectWriter } from './pipeline/object-writer.ts'
import { patchObject } from './pipeline/patch.ts'
import type { ObjectPatch } from './pipeline/patch.ts'
import { replaceObject } from './pipeline/replace.ts'
import { facetId, resourceName } from './pipeline/write-request.ts'
import type { WriteRequest } from './pipeline/write-request.ts'
import { watchInProcess, type Watched } from './in-process-watch.ts'
import { unknownPath } from './request-info.ts'
import type { ServedResource } from './resource-set.ts'
import type { HostCalls } from './metrics/client-calls.ts'
import { shown } from './object-reader.ts'
import { parseSelection } from './selection.ts'
import { conversionFor, listShown, shownAs } from './shown-objects.ts'
import { readPoint } from './storage/resource-version.ts'
import type { Served } from './watch-cache/cached-object.ts'
import type { ListPage } from './watch-cache/list.ts'

export interface InProcessParts {
  readonly dispatch: DispatchParts
  readonly authorizer: Authorizer
  readonly log: Log
  /** Ends with the server. */
  readonly signal: AbortSignal
  /** Counts watches; all other calls are counted around this client. */
  readonly ownCalls?: HostCalls | undefined
}

type Asked = Pick<RequestInfo, 'verb' | 'subresource' | 'namespace' | 'name'>

/** The API for the cluster's own parts: authorized, admitted and validated as over HTTP, but nothing is serialised for it and nothing parsed. */
export class InProcessClient implements Client {
  readonly #late: () => InProcessParts
  readonly #user: User
  readonly #manager: string
  readonly #audit: AuditNotes | undefined

  /** Parts are asked for at each call: the server hands out clients before all of its parts are there. */
  constructor(parts: () => InProcessParts, user: User, audit?: AuditNotes) {
    this.#late = parts
    this.#user = user
    this.#audit = audit
    this.#manager = user.name.split(':').at(-1) ?? user.name
  }

  async get<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): Promise<T> {
    await this.#allow(kind, { verb: 'get', subresource: '', ...key })
    const resource = this.#resource(kind)
    const cached = await getObject(this.#parts.dispatch, resource, key, '', this.#parts)
    return conversionFor(resource) === undefined ? shown<T>(resource, cached) : ((await shownAs(resource, cached)).object as T)
  }

  async list<T extends KubeObject>(kind: KindRef<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    await this.#allow(kind, { verb: 'list', subresource: '', namespace: options.namespace ?? '', name: '' })
    const resource = this.#resource(kind)
    const { page, items } = await this.#list(kind, options)
    return {
      items: items?.map(({ object }) => object as T) ?? page.objects.map((cached) => shown<T>(resource, cached)),
      resourceVersion: String(page.revision), continueToken: page.continueToken,
    }
  }

  watch<T extends KubeObject>(kind: KindRef<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return watchInProcess<T>(() => this.#watched(kind, options.namespace), options)
  }

  async #watched(kind: KindRef, namespace = ''): ReturnType<Watched> {
    const { ownCalls } = this.#parts
    const startedAt = ownCalls?.now() ?? 0
    try {
      await this.#allow(kind, { verb: 'watch', subresource: '', namespace, name: '' })
      const resource = this.#resource(kind)
      ownCalls?.answered('GET', 200, startedAt)
      return { feed: this.#parts.dispatch.feed, resource }
    } catch (error) {
      ownCalls?.failed('GET', error, startedAt)
      throw error
    }
  }

  async create<T extends KubeObject>(kind: KindRef<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const namespace = object.metadata.namespace ?? ''
    await this.#allow(kind, { verb: 'create', subresource: '', namespace, name: '' })
    const written = await createObject(this.#parts.dispatch, this.#request(kind, { namespace, name: '' }, options), freshDraft(object))
    return written.served.object as T
  }

  async update<T extends KubeObject>(kind: KindRef<T>, object: T, options: UpdateOptions = {}): Promise<T> {
    const { namespace = '', name = '' } = object.metadata
    if (name === '') throw badRequest('an update needs metadata.name')
    await this.#allow(kind, { verb: 'update', subresource: options.subresource ?? '', namespace, name })
    const written = await replaceObject(this.#parts.dispatch, this.#request(kind, { namespace, name }, options), freshDraft(object))
    return written.served.object as T
  }

  async patch<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, patch: Patch, options: UpdateOptions = {}): Promise<T> {
    await this.#allow(kind, { verb: 'patch', subresource: options.subresource ?? '', ...key })
    const written = await patchObject(this.#parts.dispatch, this.#request(kind, key, options), objectPatch(patch))
    return written.served.object as T
  }

  async delete<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<T | undefined> {
    await this.#allow(kind, { verb: 'delete', subresource: '', ...key })
    const request = this.#request(kind, key, { dryRun: options.dryRun === true })
    const { served } = await deleteObject(this.#parts.dispatch, request, completeDeleteOptions(options))
    return served.object as T
  }

  async deleteCollection(kind: KindRef, selection: ListOptions, options: DeleteOptions = {}): Promise<void> {
    const namespace = selection.namespace ?? ''
    await this.#allow(kind, { verb: 'deletecollection', subresource: '', namespace, name: '' })
    const { page } = await this.#list(kind, selection)
    const request = this.#request(kind, { namespace, name: '' }, { dryRun: options.dryRun === true })
    await deleteCollection(this.#parts.dispatch, request, page.objects, completeDeleteOptions(options))
  }

  async createSubresource<B extends object, R extends object>(kind: KindRef, key: ObjectKey, subresource: string, body: B): Promise<R> {
    const info = this.#infoOf(kind, { verb: 'create', subresource, ...key })
    await requireAllowed(this.#parts.authorizer, this.#user, info)
    const { dispatch, signal, log } = this.#parts
    const resource = this.#resource(kind)
    const route = dispatch.routes.resources.get(facetId(kind.group, kind.plural, subresource))
    if (route?.type !== 'object') throw methodNotAllowed(resourceName(resource), `create of ${subresource}`)
    const warn = (message: string): void => log.debug('a warning for a part of the cluster', { user: this.#user.name, warning: message })
    const audit = this.#audit
    const writer = objectWriter(dispatch, { user: this.#user, manager: this.#manager, signal, audit, warn })
    const context = { info, user: this.#user, reader: dispatch.reader, writer, signal, audit, warn }
    const draft = freshDraft(body)
    const answer = await callObjectRoute(dispatch, context, {
      route, resource, key, body: isObject(draft) ? draft : {}, dryRun: false, fieldValidation: 'Ignore',
    })
    return answer.object as R
  }

  get #parts(): InProcessParts {
    return this.#late()
  }

  /** A kind may be gone with its definition while somebody still follows it: that is answered as over HTTP. */
  #resource({ group, version, plural }: KindRef): ServedResource {
    const resource = this.#parts.dispatch.resources.find(group, version, plural)
    if (resource === undefined) throw unknownPath()
    return resource
  }

  /** items: what the page's objects are shown as, where their view cannot tell. */
  async #list(kind: KindRef, options: ListOptions): Promise<{ readonly page: ListPage; readonly items: readonly Served[] | undefined }> {
    const resource = this.#resource(kind)
    const { labelSelector = '', fieldSelector = '', limit = 0, continueToken = '', resourceVersion = '', namespace = '' } = options
    const { scope, matches } = parseSelection(resource, namespace, { labelSelector, fieldSelector })
    const { feed, store } = this.#parts.dispatch
    const { result, shown: items } = await listShown(feed, store, { remote: conversionFor(resource) }, {
      cache: resource.cache, scope, matches, limit, continueToken, point: readPoint(resourceVersion, '', limit), signal: this.#parts.signal,
    })
    if (result.outcome === 'expired') throw expired(result.message)
    return { page: result, items }
  }

  #allow(kind: KindRef, asked: Asked): Promise<void> | undefined {
    return requireAllowed(this.#parts.authorizer, this.#user, this.#infoOf(kind, asked))
  }

  #infoOf(kind: KindRef, asked: Asked): RequestInfo {
    return { isResource: true, group: kind.group, version: kind.version, resource: kind.plural, path: '', ...asked }
  }

  #request(kind: KindRef, key: ObjectKey, options: UpdateOptions): WriteRequest {
    const { log, signal } = this.#parts
    return {
      resource: this.#resource(kind), key, subresource: options.subresource ?? '', user: this.#user, dryRun: options.dryRun === true,
      manager: options.fieldManager ?? this.#manager, fieldValidation: options.fieldValidation ?? 'Ignore',
      trusted: true, signal, audit: this.#audit,
      warn: (message) => log.debug('a warning for a part of the cluster', { user: this.#user.name, warning: message }),
    }
  }
}

/** The patch's own values end up in a stored object; decoding copies what it is laid over, and the patch with it. */
function objectPatch(patch: Patch): ObjectPatch {
  if (patch.type === 'json') return patch
  const body = isObject(patch.body) ? patch.body : {}
  return patch.type === 'apply' ? { type: 'apply', body, force: patch.force } : { type: patch.type, body }
}
