import type { KindRef } from '../objects/kind.ts'
import type { JsonObject } from '../objects/json.ts'
import type { FieldError } from '../objects/field-error.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import type { PrepareContext } from '../resources/definition.ts'
import type { DeleteOptions } from '../client/client.ts'
import type { AdmissionRequest, AuditNotes, ObjectReader, RequestInfo, User } from './access.ts'
import type { ServerRequest, ServerResponse } from './http.ts'

/**
 * How everything that is not plain storage plugs into the server. The pipeline has authenticated and authorized the
 * request (with info as it stands in the context) before any handler runs.
 */
export type Route = ObjectRoute | FacetRoute | ConnectRoute | PathRoute

/** What every handler gets. */
export interface CallContext {
  readonly info: RequestInfo
  readonly user: User
  readonly reader: ObjectReader
  readonly writer: ObjectWriter
  /** Ends with the client, the request's deadline or the server. */
  readonly signal: AbortSignal
  /** Undefined: the audit does not want to hear of it. */
  readonly audit?: AuditNotes | undefined
  /** A Warning header of the response (dropped where the call did not come over HTTP). */
  warn(message: string): void
}

/**
 * Takes an object, gives an object: pods/binding, pods/eviction, serviceaccounts/token; with subresource '' a resource that stores
 * nothing (TokenReview, SubjectAccessReview). Reached over HTTP and through the in-process client. The body was checked against its
 * schema, and create, update were admitted (operation CREATE, UPDATE with the subresource), before handle runs.
 */
export interface ObjectRoute {
  readonly type: 'object'
  readonly group: string
  /** The parent's plural: pods. */
  readonly resource: string
  readonly subresource: string
  readonly verbs: readonly ('create' | 'get' | 'list' | 'update' | 'delete')[]
  /** The kind of the body, and the name of its schema: policy/v1 Eviction, policy.v1.Eviction. */
  readonly body: { readonly group: string; readonly version: string; readonly kind: string; readonly schema: string }
  handle(call: ObjectCall): Promise<ObjectAnswer>
}

export interface ObjectCall extends CallContext {
  readonly verb: 'create' | 'get' | 'list' | 'update' | 'delete'
  /** The parent's key; the name is '' for resources that store nothing. */
  readonly key: ObjectKey
  /** A fresh object that the handler may change and return; empty for get and delete. */
  readonly body: JsonObject
  readonly dryRun: boolean
}

export interface ObjectAnswer {
  readonly status: number
  /** Of a list: its items are what is shown of it. */
  readonly object: JsonObject
}

/**
 * Another view of the same stored object, written by update and patch like status: pods/ephemeralcontainers, namespaces/finalize,
 * certificatesigningrequests/approval. It runs through the whole write pipeline; only these two stages differ.
 */
export interface FacetRoute<T extends KubeObject = KubeObject> {
  readonly type: 'facet'
  readonly kind: KindRef<T>
  readonly subresource: string
  prepareForUpdate(draft: T, old: T, context: PrepareContext): void
  validateUpdate(object: T, old: T): FieldError[]
}

/** Talks HTTP itself: pods/log, exec, attach, portforward, proxy. Everything but a plain GET log is admitted as CONNECT. */
export interface ConnectRoute {
  readonly type: 'connect'
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly methods: readonly string[]
  /** Whether admission sees it (operation CONNECT). */
  readonly admitted: boolean
  handle(call: ConnectCall): Promise<ServerResponse>
}

export interface ConnectCall extends CallContext {
  readonly request: ServerRequest
  readonly query: URLSearchParams
  readonly key: ObjectKey
  /** What follows the subresource in the path, without a leading slash (proxy). */
  readonly rest: string
}

/** A path that is no resource: /version, /healthz, /apis, /openapi/v3/apis/apps/v1. The first that matches is taken. */
export interface PathRoute {
  readonly type: 'path'
  readonly methods: readonly string[]
  matches(path: string): boolean
  handle(call: PathCall): Promise<ServerResponse>
}

export interface PathCall extends CallContext {
  readonly request: ServerRequest
  readonly query: URLSearchParams
}

export interface ModifyOptions {
  /** '' or absent: the object itself. Admission and managed fields see it. */
  readonly subresource?: string
  readonly dryRun?: boolean
  /** Throws 409 Conflict unless the object still has this uid or revision. */
  readonly uid?: string
  readonly resourceVersion?: string
}

/** Writes on behalf of the call's user, without asking the authorizer again: the handler decides what its call may do. */
export interface ObjectWriter {
  /** The whole create pipeline: defaults, admission, validation. */
  create<T extends KubeObject>(kind: KindRef<T>, object: T, options?: { readonly dryRun?: boolean }): Promise<T>
  /**
   * Read, modify, write: change gives the newest object as it shall be, sharing what stays, and may throw a StatusError; it runs
   * again when another write came between. Metadata and commit stages run; defaults, prepare, admission and validation do not: a
   * binding may set what an update may not. A change that gives back the current object writes nothing.
   */
  modify<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, change: (current: T) => T, options?: ModifyOptions): Promise<T>
  /** The whole delete pipeline: admission, finalizers, grace period. Undefined when it is gone at once. */
  delete<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, options?: DeleteOptions): Promise<T | undefined>
}

/** Answers for paths that this server knows nothing of: other API servers behind this one. */
export interface Elsewhere {
  /** Undefined: nobody does. The request has been authenticated and authorized. */
  answer(request: ServerRequest, user: User): Promise<ServerResponse> | undefined
}

/**
 * Told what became of a write that mutators saw, so that what they reserved for it (an address, a port) is kept or given back.
 * Every admitted create, update and delete is settled exactly once; a patch that is retried settles each attempt.
 */
export interface WriteObserver {
  settled(request: AdmissionRequest, outcome: 'stored' | 'not-stored'): void
}
