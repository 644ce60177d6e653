import type { Client } from '../client/client.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { SchemaLookup } from '../objects/schema.ts'
import type { ResourceDefinition } from '../resources/definition.ts'
import type { Store } from '../store/store.ts'
import type { Clock, Log, Random } from '../words/ports.ts'
import type { Authenticator, Authorizer, Mutator, ObjectReader, User, Validator } from './access.ts'
import type { Handler } from './http.ts'
import type { Route, WriteObserver } from './route.ts'

/** Two kinds that share one storage, and how an object of one is shown as the other: events.k8s.io/v1 and core/v1 events. */
export interface Conversion {
  readonly served: KindRef
  readonly stored: KindRef
  toStored(object: KubeObject): KubeObject
  toServed(object: KubeObject): KubeObject
}

export interface ApiServerLimits {
  readonly bodyBytes: number
  /** Requests under way at once, watches not counted; more get 429. */
  readonly readsInFlight: number
  readonly writesInFlight: number
  readonly watchers: number
  readonly requestTimeoutMs: number
  /** A watcher that has not taken this many bytes is ended. */
  readonly watchBacklogBytes: number
  readonly bookmarkEveryMs: number
}

export interface ApiServerDependencies {
  readonly store: Store
  /** Whether other processes write to the store too: consistent reads then ask it for its latest revision. */
  readonly storeIsShared: boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly definitions: readonly ResourceDefinition[]
  readonly conversions: readonly Conversion[]
  readonly schemas: SchemaLookup
  readonly limits: ApiServerLimits
  /** In tests: a mutation of a shared object throws. */
  readonly freezeObjects: boolean
  /** Builds what decides about requests, from the caches that it needs for that. */
  extend(core: ApiServerCore): ApiServerExtensions
}

/** What the extensions may use; the caches are empty until start has resolved. */
export interface ApiServerCore {
  readonly reader: ObjectReader
  client(user: User): Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly definitions: readonly ResourceDefinition[]
  readonly schemas: SchemaLookup
}

export interface ApiServerExtensions {
  /** Asked in this order; the first that knows the credentials decides. Nobody knows them: system:anonymous. */
  readonly authenticators: readonly Authenticator[]
  readonly authorizer: Authorizer
  readonly mutators: readonly Mutator[]
  readonly validators: readonly Validator[]
  readonly observers: readonly WriteObserver[]
  readonly routes: readonly Route[]
}

export interface ApiServer {
  readonly handle: Handler
  readonly reader: ObjectReader
  /** The API for the cluster's own parts: authorized as that user, no bytes on the way. */
  client(user: User): Client
  /** Fills the caches and follows the store until the signal aborts. Requests before that get 503. */
  start(signal: AbortSignal): Promise<void>
}

export const defaultLimits: ApiServerLimits = {
  bodyBytes: 3 * 1024 * 1024,
  readsInFlight: 400,
  writesInFlight: 400,
  watchers: 20_000,
  requestTimeoutMs: 60_000,
  watchBacklogBytes: 16 * 1024 * 1024,
  bookmarkEveryMs: 60_000,
}

declare function createApiServerLater(dependencies: ApiServerDependencies): ApiServer

/** Composes the server: caches, pipeline, HTTP front. Pure until start. */
export function createApiServer(dependencies: ApiServerDependencies): ApiServer {
  return createApiServerLater(dependencies)
}
