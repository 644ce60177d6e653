import type { FieldError } from '../objects/field-error.ts'
import type { JsonObject, Integer } from '../objects/json.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { FinalizerRule } from '../objects/metadata.ts'
import type { NameRule } from '../objects/names.ts'
import type { ObjectSchema } from '../objects/schema.ts'
import type { Instant } from '../words/instant.ts'
import type { Expression } from './expression.ts'

export type { NameRule }

/** What prepare may know of the request beside the objects. */
export interface PrepareContext {
  readonly now: Instant
  /** Who asked, for kinds that record it. */
  readonly user: Requester
  /** Tells the writer what can be seen before the object is prepared only. */
  warn(message: string): void
}

export interface Requester {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** A column of kubectl get: metav1.TableColumnDefinition and how its cell is computed. */
export interface Column<T> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: string
  /** 0 always, above 0 only with -o wide. */
  readonly priority: number
  readonly description: string
  cell(object: T, now: Instant): string | Integer | boolean | null
}

/** Reads one field as text; '' where it is absent. (From a method, so that definitions of all kinds fit in one list.) */
export type FieldValue<T> = { of(object: T): string }['of']

/** The verbs that a resource answers to. */
export type Verb = 'create' | 'get' | 'list' | 'watch' | 'update' | 'patch' | 'delete' | 'deletecollection'

/**
 * A kind as data: all that the generic pipeline needs to serve it. One file per kind in resources/kinds/.
 * A draft is a fresh object that the function may change; every other object is shared and must not be changed.
 */
export interface ResourceDefinition<T extends KubeObject = KubeObject> {
  readonly kind: KindRef<T>
  readonly verbs: readonly Verb[]
  /** Its definition is being deleted: what there is may be seen, emptied and deleted. */
  readonly isTerminating?: boolean
  /** How bodies are read where no schema table says it: custom resources. Strategic merge patches are for kinds without. */
  readonly form?: ObjectForm
  /** Fills in what the user left out, on create and on update, as upstream's defaulting does. */
  defaults(draft: T): void
  /** Drops what a creator may not set (status), sets what the server decides (generation is set by the pipeline). */
  prepareForCreate(draft: T, context: PrepareContext): void
  /** Keeps what this path may not change (status on the main resource). */
  prepareForUpdate(draft: T, old: T, context: PrepareContext): void
  /** Beyond types, required fields' presence and metadata, which the pipeline checks from the schema. */
  validateCreate(object: T): FieldError[]
  validateUpdate(object: T, old: T): FieldError[]
  /** What is allowed and yet hardly meant, or about to go: shown to whoever writes it. old is undefined for a new object. */
  warnings(object: T, old: T | undefined): readonly string[]
  /** Shown to whoever uses the kind at all: that it goes, and what to use instead. */
  readonly deprecation?: string | undefined
  /** The CEL expressions that it carries, for who has the engine to check them; texts that are missing have been reported already. */
  expressionsOf(object: T): readonly Expression[]
  /** The pipeline raises metadata.generation when this changes; undefined: the kind has no generation. */
  readonly generationOf: 'spec' | 'spec-or-annotations' | 'all-but-metadata-and-status' | 'all-but-metadata' |
    'labels-and-all-but-metadata' | undefined
  /** A deletion that does not say what becomes of the dependents leaves them: so it was when the first versions were made. */
  readonly orphansByDefault: boolean
  /** Whether a PUT must say which state it replaces. */
  readonly needsRevision: boolean
  /** Added when its deletion is asked for: the server itself has to clean up before it goes. */
  readonly finalizersOnDelete?: readonly string[]
  /** All columns but Name, which goes first. A kind that has it elsewhere lists it itself (format 'name'): see table.ts. */
  readonly columns: readonly Column<T>[]
  /** Field selectors beside metadata.name and metadata.namespace, which all kinds have. */
  readonly selectableFields: { readonly [path: string]: FieldValue<T> }
  readonly status: StatusSubresource<T> | undefined
  readonly scale: ScaleSubresource<T> | undefined
  /** Other subresources that this kind serves, as discovery lists them; their handlers are in apiserver/subresources/. */
  readonly subresources: readonly OtherSubresource[]
  /** The validation of metadata.name. */
  readonly nameRule: NameRule
  /** The validation of metadata.finalizers. */
  readonly finalizerRule: FinalizerRule
  /** Seconds between deletionTimestamp and removal; undefined: removed at once when no finalizer stands. */
  deletionGraceSeconds?(object: T, requested: Integer | undefined): Integer
  /** Answers, but stores nothing (TokenReview, SubjectAccessReview, Binding). */
  readonly virtual: boolean
}

export interface ObjectForm {
  /** For server-side apply. */
  readonly schema: ObjectSchema
  /** The JSONSchemaProps that documents publish. */
  readonly published: JsonObject
  /** The body, which is changed in place, as an object of the kind; and the paths of fields that are not known. Throws StatusError 400. */
  read(body: JsonObject): { readonly object: JsonObject; readonly unknownFields: readonly string[] }
}

export interface StatusSubresource<T> {
  /** Keeps everything but status (and metadata that status writers may change) as it was. */
  prepareForUpdate(draft: T, old: T, context: PrepareContext): void
  validateUpdate(object: T, old: T): FieldError[]
}

export interface ScaleSubresource<T> {
  /** Where the number stands: .spec.replicas */
  readonly replicasPath: string
  /** Undefined: it says none, which only custom resources may. */
  replicas(object: T): number | undefined
  statusReplicas(object: T): number
  /** The selector as a query: app=web,tier in (a,b). */
  selector(object: T): string
  setReplicas(draft: T, replicas: number): void
}

export interface OtherSubresource {
  /** log, exec, binding, token, ... */
  readonly name: string
  /** Kind of the body, with its group and version where they differ from the parent's. */
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  readonly verbs: readonly ('create' | 'get' | 'update' | 'patch' | 'delete')[]
}
