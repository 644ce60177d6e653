import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import type { LabelSelectorSpec } from '../objects/label-selector.ts'
import type { ServerRequest } from './http.ts'
import type { DeleteOptions } from './options/delete-options.ts'
import type { WriteOptions } from './options/write-options.ts'

/** Who asks. Every authenticated user is in system:authenticated; nobody's credentials make system:anonymous. */
export interface User {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** What is asked: the fields that authorization looks at (authorization.k8s.io ResourceAttributes and NonResourceAttributes). */
export interface RequestInfo {
  readonly isResource: boolean
  /** create, get, list, watch, update, patch, delete, deletecollection; the lower-case method where it is no resource. */
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly path: string
  /** Of which objects alone it is asked: lists, watches and deletions of collections. RBAC does not look at them. */
  readonly fieldSelector?: AskedSelector
  readonly labelSelector?: AskedSelector
}

/** As a request has it (a text), or as a review does. */
export type AskedSelector = string | readonly AskedRequirement[]

export interface AskedRequirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

export interface Authenticator {
  /** Undefined: no credentials of this kind. Throws StatusError 401 when they are there and wrong. */
  authenticate(request: ServerRequest): User | undefined | Promise<User | undefined>
}

export interface Decision {
  readonly allowed: boolean
  /** For the user and the audit: which rule allowed it, or what is missing. */
  readonly reason: string
  /** Refused for good: nobody further down the chain is asked. */
  readonly denied?: boolean
  /** What went wrong while deciding (a webhook that does not answer): without it the answer might be another one. */
  readonly error?: string
}

export interface Authorizer {
  /** At once, but where a webhook has to be asked: then it is a promise, which never rejects. */
  authorize(user: User, info: RequestInfo): Decision | Promise<Decision>
}

/** One that needs nobody else to decide. */
export interface PromptAuthorizer extends Authorizer {
  authorize(user: User, info: RequestInfo): Decision
}

/** Immutable objects as the server's caches hold them now. */
export interface ObjectReader {
  get<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): T | undefined
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): readonly T[]
}

/** For who can wait where a webhook converts what is stored: then there is a promise, which rejects with StatusError. */
export interface ConvertingReader {
  get(kind: KindRef, key: ObjectKey): KubeObject | undefined | Promise<KubeObject>
  /** Only those that the labels select are converted. namespace: '' for all. */
  select(kind: KindRef, namespace: string, selector: LabelSelectorSpec | undefined): readonly KubeObject[] | Promise<readonly KubeObject[]>
}

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  readonly kind: KindRef
  readonly key: ObjectKey
  readonly subresource: string
  /** The new object; undefined for DELETE. Mutators get it as a draft that they may change. */
  readonly object: KubeObject | undefined
  readonly old: KubeObject | undefined
  readonly user: User
  readonly dryRun: boolean
  /** As the client gave them; undefined: it gave none, or the cluster's own parts ask. */
  readonly options?: WriteOptions | DeleteOptions | undefined
  /** Something for the user to know that is no error. */
  warn?(message: string): void
  /** Where the audit wants to hear of this request. */
  readonly audit?: AuditNotes | undefined
  /** Filled while it waits; undefined for the cluster's own parts. */
  readonly delays?: Delays | undefined
}

/** Time that a request took through no fault of what answers it. */
export interface Delays {
  /** For seats. */
  queuedMs: number
  /** For the answers of users' webhooks. */
  webhooksMs: number
  /** Before it was known who asks and that they may, where somebody else had to be asked. */
  accessMs: number
  /** Where it is counted how long the request took, once it was let in. */
  execution: { observe(seconds: number): void } | undefined
}

/** What the audit is told of a request beside what was asked and answered. */
export interface AuditNotes {
  /** The first value of a key stays. What shows contents of objects is for the levels that do so too. */
  annotate(key: string, value: string, level?: 'Metadata' | 'Request'): void
}

/** 'again': users' webhooks or policies have changed the draft in the first round, and all mutators see it once more (KEP-1549). */
export type MutationRound = 'first' | 'again'

/** Changes the draft before validation. Throws StatusError to refuse. */
export interface Mutator {
  readonly name: string
  matches(request: AdmissionRequest): boolean
  /** 'changed' of the first round asks for another one. */
  admit(request: AdmissionRequest, reader: ObjectReader, round: MutationRound): void | 'changed' | Promise<void | 'changed'>
}

export type Verdict =
  | { readonly allowed: true; readonly warnings: readonly string[] }
  | { readonly allowed: false; readonly code: number; readonly message: string }

/** Looks at the final object. Pure; webhooks adapt to it. */
export interface Validator {
  readonly name: string
  matches(request: AdmissionRequest): boolean
  review(request: AdmissionRequest, reader: ObjectReader): Verdict | Promise<Verdict>
}
