import { isObject } from '../objects/json.ts'
import { jsonText } from '../objects/json-text.ts'
import { apiVersionOf, type KindRef } from '../objects/kind.ts'
import { keyOf, type KubeObject, type ObjectKey } from '../objects/kube-object.ts'
import { utf8 } from '../words/bytes.ts'
import { serviceUnavailable, StatusError } from '../words/status-error.ts'
import { thrownMessage } from '../words/thrown.ts'
import type {
  Client, DeleteOptions, ListOptions, ObjectList, Patch, UpdateOptions, WatchEvent, WatchOptions, WriteOptions,
} from './client.ts'
import { deleteBody, listQuery, placeOf, resourcePath, watchQuery, withQuery, writeQuery } from './resource-path.ts'
import { jsonLines, readError, readJson, statusError } from './response-body.ts'
import type { Transport, TransportRequest, TransportResponse } from './transport.ts'

export interface HttpClientOptions {
  /** Names the writer in metadata.managedFields where a call has no fieldManager, and the client in the server's logs. */
  readonly userAgent: string
}

const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

/** The typed client over HTTP. It keeps no state and does not retry: who calls knows what may be done twice. */
export function createHttpClient(transport: Transport, options: HttpClientOptions = { userAgent: 'lotse' }): Client {
  const call = caller(transport, options)
  return {
    get: (kind, key) => call.object(kind, 'GET', resourcePath(kind, key)),
    list: (kind, selection = {}) => list(call, kind, selection),
    watch: (kind, selection) => watch(call, kind, selection),
    create: (kind, object, write = {}) => create(call, kind, object, write),
    update: (kind, object, write = {}) =>
      call.object(kind, 'PUT', withQuery(resourcePath(kind, placeOf(keyOf(object), write)), writeQuery(write)), object),
    patch: (kind, key, patch, write = {}) => sendPatch(call, kind, key, patch, write),
    delete: (kind, key, how = {}) => remove(call, kind, key, how),
    deleteCollection: async (kind, selection, how = {}) => {
      await call.json('DELETE', withQuery(collectionPath(kind, selection), listQuery(selection)), deleteBody(how))
    },
    createSubresource: async <B extends object, R extends object>(kind: KindRef, key: ObjectKey, subresource: string, body: B) =>
      (await call.json('POST', resourcePath(kind, { ...key, subresource }), body)) as R,
  }
}

interface Caller {
  send(request: TransportRequest): Promise<TransportResponse>
  json(method: TransportRequest['method'], path: string, body?: object, contentType?: string): Promise<unknown>
  object<T extends KubeObject>(
    kind: KindRef<T>,
    method: TransportRequest['method'],
    path: string,
    body?: object,
    contentType?: string
  ): Promise<T>
}

/** Every call: JSON both ways, and whatever goes wrong becomes a StatusError. */
function caller(transport: Transport, options: HttpClientOptions): Caller {
  const headers = { accept: 'application/json', 'user-agent': options.userAgent }
  const send = async (request: TransportRequest): Promise<TransportResponse> => {
    const response = await reached(() => transport.send({ ...request, headers: { ...headers, ...request.headers } }))
    if (response.status >= 200 && response.status < 300) return response
    throw await reached(() => readError(response))
  }
  const json: Caller['json'] = async (method, path, body, contentType = 'application/json') => {
    const content = body === undefined ? { headers: {} } : { headers: { 'content-type': contentType }, body: utf8(jsonText(body)) }
    const response = await send({ method, path, ...content })
    return reached(() => readJson(response))
  }
  return {
    send,
    json,
    object: async (kind, method, path, body, contentType) => asObject(kind, await json(method, path, body, contentType)),
  }
}

/** A transport that fails says so as 503, like a server that cannot serve: the request may or may not have been carried out. */
async function reached<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    throw asStatus(error)
  }
}

function asStatus(error: unknown): StatusError {
  return error instanceof StatusError ? error : serviceUnavailable(thrownMessage(error))
}

/** The decode edge: the server is trusted to answer with the kind that its path serves. */
function asObject<T extends KubeObject>(kind: KindRef<T>, body: unknown): T {
  if (!isObject(body) || !isObject(body['metadata'])) throw new StatusError(500, 'InternalError', `the answer is no ${kind.kind}`)
  const object: object = body
  return object as T
}

function collectionPath(kind: KindRef, selection: { readonly namespace?: string }): string {
  return resourcePath(kind, selection.namespace === undefined ? {} : { namespace: selection.namespace })
}

async function list<T extends KubeObject>(call: Caller, kind: KindRef<T>, selection: ListOptions): Promise<ObjectList<T>> {
  const body = await call.json('GET', withQuery(collectionPath(kind, selection), listQuery(selection)))
  if (!isObject(body)) throw new StatusError(500, 'InternalError', `the answer is no list of ${kind.plural}`)
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  const items = Array.isArray(body['items']) ? body['items'] : []
  return {
    items: items.map((item: unknown) => asObject(kind, withType(kind, item))),
    resourceVersion: String(metadata['resourceVersion'] ?? ''),
    continueToken: String(metadata['continue'] ?? ''),
  }
}

/** Items of lists come without kind and apiVersion from Go servers: the list's own say it for all. */
function withType(kind: KindRef, item: unknown): unknown {
  if (!isObject(item) || item['kind'] !== undefined) return item
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, ...item }
}

async function* watch<T extends KubeObject>(call: Caller, kind: KindRef<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
  const { signal } = options
  try {
    const path = withQuery(collectionPath(kind, options), watchQuery(options))
    const response = await call.send({ method: 'GET', path, headers: {}, signal })
    for await (const line of jsonLines(response.body)) {
      if (signal.aborted) return
      yield watchEvent(kind, line)
    }
  } catch (error) {
    // What breaks after the caller has hung up is the hanging up.
    if (!signal.aborted) throw asStatus(error)
  }
}

function watchEvent<T extends KubeObject>(kind: KindRef<T>, line: unknown): WatchEvent<T> {
  const { type, object } = isObject(line) ? line : { type: undefined, object: undefined }
  switch (type) {
    case 'ADDED': return { type: 'added', object: asObject(kind, object) }
    case 'MODIFIED': return { type: 'modified', object: asObject(kind, object) }
    case 'DELETED': return { type: 'deleted', object: asObject(kind, object) }
    case 'BOOKMARK': {
      const { resourceVersion, annotations } = asObject(kind, object).metadata
      return {
        type: 'bookmark',
        resourceVersion: resourceVersion ?? '',
        initialEventsEnd: annotations?.['k8s.io/initial-events-end'] === 'true',
      }
    }
    case 'ERROR': throw statusError(object, 500)
    default: throw new StatusError(500, 'InternalError', 'a watch event has an unknown type')
  }
}

async function create<T extends KubeObject>(call: Caller, kind: KindRef<T>, object: T, write: WriteOptions): Promise<T> {
  const { namespace } = keyOf(object)
  return call.object(kind, 'POST', withQuery(collectionPath(kind, { namespace }), writeQuery(write)), object)
}

async function sendPatch<T extends KubeObject>(
  call: Caller,
  kind: KindRef<T>,
  key: ObjectKey,
  patch: Patch,
  write: UpdateOptions
): Promise<T> {
  const query = { ...writeQuery(write), ...(patch.type === 'apply' && patch.force ? { force: true } : {}) }
  const path = withQuery(resourcePath(kind, placeOf(key, write)), query)
  return call.object(kind, 'PATCH', path, patch.type === 'json' ? patch.operations : patch.body, PATCH_TYPES[patch.type])
}

async function remove<T extends KubeObject>(call: Caller, kind: KindRef<T>, key: ObjectKey, how: DeleteOptions): Promise<T | undefined> {
  const body = await call.json('DELETE', resourcePath(kind, key), deleteBody(how))
  return isObject(body) && body['kind'] === kind.kind ? asObject(kind, body) : undefined
}
