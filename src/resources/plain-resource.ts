import type { KubeObject } from '../objects/kube-object.ts'
import type { ResourceDefinition, Verb } from './definition.ts'
import type { Expression } from './expression.ts'
import { createdAtColumn } from './table.ts'

const everyVerb: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

const noExpressions: readonly Expression[] = []

/** A stored kind without rules of its own: what a definition spreads first and then overrides. */
export const plainResource: Omit<ResourceDefinition, 'kind'> = {
  verbs: everyVerb,
  defaults() {},
  prepareForCreate() {},
  prepareForUpdate() {},
  validateCreate: () => [],
  validateUpdate: () => [],
  warnings: () => [],
  expressionsOf: () => noExpressions,
  generationOf: undefined,
  orphansByDefault: false,
  needsRevision: false,
  columns: [createdAtColumn],
  selectableFields: {},
  status: undefined,
  scale: undefined,
  subresources: [],
  nameRule: 'dns-subdomain',
  finalizerRule: 'known-or-with-domain',
  virtual: false,
}

/** A kind that answers and stores nothing: its handler is in apiserver/subresources/ or apiserver/reviews/. */
export const virtualResource: Omit<ResourceDefinition, 'kind'> = { ...plainResource, verbs: ['create'], virtual: true }

interface Stated extends KubeObject {
  status?: unknown
}

/** For prepareForUpdate of kinds with a status subresource: an update of the object does not touch its status. */
export function keepStatus(draft: Stated, old: Stated): void {
  if (old.status === undefined) delete draft.status
  else draft.status = old.status
}

/** For defaults: upstream holds a spec by value, so that one that is missing is one in which all is missing. */
export function specOf<S extends object>(draft: { spec?: S }): S {
  return (draft.spec ??= {} as S)
}

interface Specified extends KubeObject {
  spec?: unknown
}

/** For the status subresource: an update of the status does not touch the spec. */
export function keepSpec(draft: Specified, old: Specified): void {
  if (old.spec === undefined) delete draft.spec
  else draft.spec = old.spec
}

const WRITERS_METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const

/** For the status subresource of kinds whose status writers may not touch the metadata either. */
export function keepAllButStatus(draft: Specified, old: Specified): void {
  keepSpec(draft, old)
  keepMetadata(draft, old)
}

/** For subresources that change a part of an object and nothing of what its writers say about it. */
export function keepMetadata(draft: KubeObject, old: KubeObject): void {
  const metadata: Record<string, unknown> = { ...draft.metadata }
  for (const field of WRITERS_METADATA) {
    if (old.metadata[field] === undefined) delete metadata[field]
    else metadata[field] = old.metadata[field]
  }
  draft.metadata = metadata
}
