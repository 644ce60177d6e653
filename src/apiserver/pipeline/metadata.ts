import { sameJson } from '../../objects/json.ts'
import type { KubeObject, ObjectMeta } from '../../objects/kube-object.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { formatTime } from '../../words/instant.ts'
import { nameSuffix, uuid } from '../../words/random.ts'
import { badRequest, conflict } from '../../words/status-error.ts'
import type { ServedResource } from '../resource-set.ts'
import type { PipelineParts, WriteRequest } from './write-request.ts'
import { resourceName } from './write-request.ts'

/** A generated name is the prefix and five characters, 63 in all. */
const MAX_PREFIX_LENGTH = 58

/** Where a new object belongs. What only the server says is taken out, whatever its creator wrote there: who may change the draft sees it so. */
export function placeNew(request: WriteRequest, draft: KubeObject): void {
  const metadata = draft.metadata
  if ((metadata.resourceVersion ?? '') !== '') throw badRequest('resourceVersion should not be set on objects to be created')
  placeInNamespace(request, draft)
  placeName(request, draft)
  for (const field of SAID_BY_THE_SERVER) if (metadata[field] !== undefined) delete metadata[field]
}

const SAID_BY_THE_SERVER = [
  'uid', 'creationTimestamp', 'resourceVersion', 'selfLink', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation',
] as const

/** What the server says of a new object. True where it made up the name: nobody before has seen another one than generateName. */
export function stampNew(parts: PipelineParts, request: WriteRequest, draft: KubeObject): boolean {
  const metadata = draft.metadata
  const generated = (metadata.name ?? '') === '' && (metadata.generateName ?? '') !== ''
  if (generated) metadata.name = generatedName(parts, metadata.generateName ?? '')
  metadata.uid = uuid(parts.random)
  metadata.creationTimestamp = formatTime(parts.clock.now())
  if (request.resource.definition.generationOf !== undefined) metadata.generation = 1
  return generated
}

export function generatedName(parts: Pick<PipelineParts, 'random'>, prefix: string): string {
  return prefix.slice(0, MAX_PREFIX_LENGTH) + nameSuffix(parts.random)
}

/** Who changes drafts moves no object to where the path does not lead, past all that was asked about the path. */
export function checkPlace(request: WriteRequest, draft: KubeObject): void {
  placeInNamespace(request, draft)
  placeName(request, draft)
}

/** The path decides; a body that says something else is a mistake that must not be corrected silently. */
function placeInNamespace(request: WriteRequest, draft: KubeObject): void {
  const { metadata } = draft
  if (!request.resource.kind.namespaced) {
    // Manifests of cluster-wide objects often bear the namespace of what they are installed with.
    delete metadata.namespace
    return
  }
  if ((metadata.namespace ?? '') === '') metadata.namespace = request.key.namespace
  else if (metadata.namespace !== request.key.namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`)
  }
}

function placeName(request: WriteRequest, draft: KubeObject): void {
  const { metadata } = draft
  if (request.key.name === '') return
  if ((metadata.name ?? '') === '') metadata.name = request.key.name
  else if (metadata.name !== request.key.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${request.key.name})`)
  }
}

/** Whoever writes them is not believed; a deletion that has not begun is not begun by an update either, which validation says. */
const KEPT = ['creationTimestamp', 'deletionTimestamp'] as const
const FILLED_IN = ['uid', 'deletionGracePeriodSeconds'] as const

/**
 * Checks that the draft is about the current object and keeps what an update may leave out but not change.
 * A uid or revision in the draft is a condition; without a revision the update is unconditional.
 */
export function stampUpdate(request: WriteRequest, draft: KubeObject, current: KubeObject): void {
  placeInNamespace(request, draft)
  placeName(request, draft)
  const { metadata } = draft
  requireSame(request.resource, metadata, current.metadata)
  metadata.resourceVersion = current.metadata.resourceVersion ?? ''
  delete metadata.selfLink
  for (const field of KEPT) keep(metadata, current.metadata, field)
  for (const field of FILLED_IN) if (metadata[field] === undefined || metadata[field] === '') keep(metadata, current.metadata, field)
  if (current.metadata.generation === undefined) delete metadata.generation
  else metadata.generation = current.metadata.generation
}

type Life = (typeof KEPT)[number] | (typeof FILLED_IN)[number]

function keep<F extends Life>(metadata: ObjectMeta, current: ObjectMeta, field: F): void {
  const value = current[field]
  if (value !== undefined) metadata[field] = value
}

/** A uid or revision that is wanted is a condition. Throws 409 Conflict where the current object does not meet it. */
export function requireSame(
  resource: ServedResource, wanted: { readonly uid?: string; readonly resourceVersion?: string }, current: ObjectMeta,
): void {
  const name = current.name ?? ''
  if ((wanted.uid ?? '') !== '' && wanted.uid !== current.uid) {
    throw conflict(
      resourceName(resource), name,
      `Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${current.uid}`,
    )
  }
  if ((wanted.resourceVersion ?? '') !== '' && wanted.resourceVersion !== current.resourceVersion) throw modified(resource, name)
}

export function modified(resource: ServedResource, name: string): Error {
  return conflict(
    resourceName(resource), name,
    'the object has been modified; please apply your changes to the latest version and try again',
  )
}

/** metadata.generation counts the changes of what its owner wants, so that a controller can say which one it has seen. */
export function raiseGeneration(definition: ResourceDefinition, draft: KubeObject, current: KubeObject): void {
  if (definition.generationOf === undefined || !wantsChanged(definition.generationOf, draft, current)) return
  draft.metadata.generation = (current.metadata.generation ?? 0) + 1
}

function wantsChanged(of: NonNullable<ResourceDefinition['generationOf']>, draft: KubeObject, current: KubeObject): boolean {
  if (of === 'spec') return !sameJson(specOf(draft), specOf(current))
  if (of === 'spec-or-annotations') {
    return !sameJson(specOf(draft), specOf(current)) || !sameJson(draft.metadata.annotations ?? {}, current.metadata.annotations ?? {})
  }
  if (of === 'labels-and-all-but-metadata' && !sameJson(draft.metadata.labels ?? {}, current.metadata.labels ?? {})) return true
  if (of !== 'all-but-metadata-and-status') return !sameJson({ ...draft, metadata: {} }, { ...current, metadata: {} })
  return !sameJson(wanted(draft), wanted(current))
}

function specOf(object: KubeObject & { spec?: unknown }): unknown {
  return object.spec
}

function wanted(object: KubeObject & { status?: unknown }): unknown {
  const { metadata: _, status: _status, ...rest } = object
  return rest
}
