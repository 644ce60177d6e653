import type { Client } from '../client/client.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import { keyOf } from '../objects/kube-object.ts'
import type { Clock } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'
import { StatusError } from '../words/status-error.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { Action } from './controller.ts'
import type { CacheLookup, Fence } from './fence.ts'
import { fenceOfWrite } from './fence.ts'

/** An action that is a request to the server: all but events. */
export type Request = Exclude<Action, { readonly verb: 'event' }>

export type Outcome =
  | { readonly outcome: 'done'; readonly fences: readonly Fence[] }
  /** The plan was made from an old state, or the reply was lost: the caches must first show what the server holds. */
  | { readonly outcome: 'stale'; readonly fences: readonly Fence[]; readonly error: StatusError }
  | { readonly outcome: 'refused'; readonly error: StatusError }
  /** The signal aborted before it was known what became of the request. */
  | { readonly outcome: 'abandoned' }

export interface PerformParts {
  /** Writes, with the rights of the controller. */
  readonly client: Client
  /** Lists, with the rights of whoever fills the caches. */
  readonly reader: Client
  readonly clock: Clock
  readonly cacheOf: CacheLookup
  readonly fieldManager: string
}

const SETTLE_ATTEMPTS = 4
const FIRST_SETTLE_MS = 20
const MAX_SETTLE_MS = 5_000

/**
 * Sends one request and finds out what became of it. After a lost reply nothing is planned before it is settled: a create (the plan
 * chose its name) and a delete (it names the uid) are sent again, because each can happen only once and a late first one then
 * changes nothing; for the rest the object is read from the server and the fence waits for what the read showed.
 */
export async function perform(request: Request, parts: PerformParts, signal: AbortSignal): Promise<Outcome> {
  const resendable = request.verb === 'create' || request.verb === 'delete' || isRead(request)
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const result = await tryOnce(request, parts)
    if (result.outcome === 'refused' && attempt > 1) return await settleByReading(request, result.error, parts, signal)
    if (result.outcome !== 'uncertain') return result
    if (!resendable || attempt === SETTLE_ATTEMPTS) return await settleByReading(request, result.error, parts, signal)
    await sleep(parts.clock, settleDelayMs(attempt), signal)
  }
  return { outcome: 'abandoned' }
}

type Attempt = Outcome | { readonly outcome: 'uncertain'; readonly error: StatusError }

async function tryOnce(request: Request, parts: PerformParts): Promise<Attempt> {
  try {
    return { outcome: 'done', fences: await send(request, parts) }
  } catch (thrown) {
    if (thrown instanceof UnexpectedObject) {
      return { outcome: 'stale', fences: [thrown.fence], error: new StatusError(409, 'Conflict', thrown.message) }
    }
    const error = statusOf(thrown)
    if (error.code >= 500) return { outcome: 'uncertain', error }
    if (!isStale(request, error)) return { outcome: 'refused', error }
    try {
      return { outcome: 'stale', fences: await readBack(request, parts), error }
    } catch (unreadable) {
      return { outcome: 'uncertain', error: statusOf(unreadable) }
    }
  }
}

/** Reads until the server answers: as long as it does not, no plan could be performed either. */
async function settleByReading(request: Request, error: StatusError, parts: PerformParts, signal: AbortSignal): Promise<Outcome> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      const fences = await readBack(request, parts)
      const nothingThere = isRead(request) || (request.verb === 'create' && fences.length === 0)
      return nothingThere ? { outcome: 'refused', error } : { outcome: 'stale', fences, error }
    } catch {
      await sleep(parts.clock, settleDelayMs(attempt), signal)
    }
  }
  return { outcome: 'abandoned' }
}

async function send(request: Request, parts: PerformParts): Promise<readonly Fence[]> {
  const { client, fieldManager } = parts
  const { kind } = request
  if (request.verb === 'expect-none') return nothingIn(request, parts.reader)
  if (request.verb === 'expect-absent') return nothingAt(request, parts.reader)
  if (request.verb === 'create') return [fenceOfWrite(kind, await client.create(kind, request.object, { fieldManager }))]
  const options =
    'subresource' in request && request.subresource !== undefined ? { fieldManager, subresource: request.subresource } : { fieldManager }
  if (request.verb === 'update') return [fenceOfWrite(kind, await client.update(kind, request.object, options))]
  if (request.verb === 'patch') return [fenceOfWrite(kind, await client.patch(kind, request.key, request.patch, options))]
  const cached = parts.cacheOf(kind)?.get(request.key)
  if (request.verb === 'create-subresource') {
    await client.createSubresource(kind, request.key, request.subresource, request.body)
    return leavingFences(request, cached)
  }
  return deletionFences(request, cached, await client.delete(kind, request.key, request.options))
}

type Expectation<V extends Request['verb']> = Extract<Request, { readonly verb: V }>

async function nothingIn({ kind, namespace }: Expectation<'expect-none'>, reader: Client): Promise<readonly Fence[]> {
  const { items } = await reader.list(kind, { namespace, limit: 1 })
  const [first] = items
  if (first === undefined) return []
  throw new UnexpectedObject(fenceOfWrite(kind, first), `${kind.plural} ${first.metadata.name ?? ''} is there still`)
}

async function nothingAt({ kind, key, uid }: Expectation<'expect-absent'>, reader: Client): Promise<readonly Fence[]> {
  const found = await readOne(kind, key, reader)
  if (found === undefined || (uid !== undefined && found.metadata.uid !== uid)) return []
  throw new UnexpectedObject(fenceOfWrite(kind, found), `${kind.plural} ${key.name} is there still`)
}

/** What was expected to be absent is there: the cache must show it before the key is planned again. */
class UnexpectedObject extends Error {
  override readonly name = 'UnexpectedObject'
  readonly fence: Fence

  constructor(fence: Fence, message: string) {
    super(message)
    this.fence = fence
  }
}

function deletionFences(request: Request, cached: KubeObject | undefined, deleted: KubeObject | undefined): readonly Fence[] {
  const { kind } = request
  const key = requestKey(request)
  if (
    cached === undefined
    || (deleted?.metadata.resourceVersion === cached.metadata.resourceVersion && cached.metadata.deletionTimestamp !== undefined)
  )
    return []
  // A second deletion (a shorter grace period) shows only as a new version.
  if (cached.metadata.deletionTimestamp !== undefined) return leavingFences(request, cached)
  const ended: Fence = { until: 'ended', kind, key, uid: cached.metadata.uid ?? '' }
  return deleted?.metadata.deletionTimestamp === undefined ? [ended] : [ended, fenceOfWrite(kind, deleted)]
}

function leavingFences(request: Request, cached: KubeObject | undefined): readonly Fence[] {
  const resourceVersion = cached?.metadata.resourceVersion
  if (resourceVersion === undefined) return []
  return [{ until: 'left', kind: request.kind, key: requestKey(request), resourceVersion }]
}

/** The fences of a consistent read: none when the object is neither on the server nor in the cache. */
async function readBack(request: Request, parts: PerformParts): Promise<readonly Fence[]> {
  if (isRead(request)) return []
  return fencesOfRead(request.kind, requestKey(request), parts)
}

/** What the cache must show before the key is planned again, after a consistent read of the object. */
export async function fencesOfRead(
  kind: KindRef,
  key: ObjectKey,
  parts: Pick<PerformParts, 'reader' | 'cacheOf'>
): Promise<readonly Fence[]> {
  const found = await readOne(kind, key, parts.reader)
  if (found !== undefined) return [fenceOfWrite(kind, found)]
  const cached = parts.cacheOf(kind)?.get(key)
  return cached === undefined ? [] : [{ until: 'gone', kind, key, uid: cached.metadata.uid ?? '' }]
}

/** A list of one: whoever fills the caches may list every kind, but need not have the right to get. */
async function readOne(kind: KindRef, { namespace, name }: ObjectKey, reader: Client): Promise<KubeObject | undefined> {
  const { items } = await reader.list(kind, { ...(namespace === '' ? {} : { namespace }), fieldSelector: `metadata.name=${name}` })
  return items[0]
}

function isRead(request: Request): boolean {
  return request.verb === 'expect-none' || request.verb === 'expect-absent'
}

export function requestKey(request: Request): ObjectKey {
  if (request.verb === 'expect-none') return { namespace: request.namespace, name: '' }
  return request.verb === 'create' || request.verb === 'update' ? keyOf(request.object) : request.key
}

/** Conflict and AlreadyExists are both 409; a create's 404 speaks of its namespace, and waiting for a cache would not help. */
function isStale(request: Request, error: StatusError): boolean {
  return error.code === 409 || (error.code === 404 && request.verb !== 'create')
}

/** What is no StatusError (a connection that broke) says nothing about the request: as uncertain as a 503. */
function statusOf(thrown: unknown): StatusError {
  if (thrown instanceof StatusError) return thrown
  return new StatusError(503, 'ServiceUnavailable', thrownMessage(thrown))
}

function settleDelayMs(attempt: number): number {
  return Math.min(MAX_SETTLE_MS, FIRST_SETTLE_MS * 2 ** Math.min(attempt - 1, 10))
}
