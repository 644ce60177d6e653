import { isObject, sameJson, shareUnchanged } from '../../objects/json.ts'
import type { KubeObject, ManagedFieldsEntry } from '../../objects/kube-object.ts'
import { validateMetadataForUpdate } from '../../objects/metadata.ts'
import type { FieldError } from '../../objects/field-error.ts'
import type { PrepareContext } from '../../resources/definition.ts'
import { present } from '../../words/assert.ts'
import { invalid, notFound } from '../../words/status-error.ts'
import type { AdmissionRequest } from '../access.ts'
import { shownAs, storedAs } from '../shown-objects.ts'
import { objectKeyText } from '../storage/keys.ts'
import { servedOnce } from '../watch-cache/cached-object.ts'
import type { CachedObject } from '../watch-cache/cached-object.ts'
import { commitDeletion, commitObject } from './commit.ts'
import { prepareContext, setManagedFields } from './create.ts'
import { isReadyToGo } from './deletion-marks.ts'
import { checkManagedFields, trackAcrossVersions, trackWrite, withoutNewOwners } from './managed-fields.ts'
import { hasOtherVersions } from './other-versions.ts'
import { modified, raiseGeneration, stampUpdate } from './metadata.ts'
import { scaleOf, takeScale } from './scale-view.ts'
import type { PipelineParts, WriteRequest, Written } from './write-request.ts'
import { facetId, resourceName } from './write-request.ts'

/**
 * What a writer makes of the current object: a fresh draft each time it is asked. Asked again when another write came between; a
 * draft with a resourceVersion then is refused with 409, because that is not the current one any more.
 */
export type Propose = (current: KubeObject) => Draft | Promise<Draft>

export interface Draft {
  readonly object: KubeObject
  /** The managed fields that an apply has worked out; undefined: the update stage works them out. */
  readonly tracked?: ManagedFieldsEntry[]
}

/** prepare -> mutate -> validate -> admit -> commit on an object that exists; again from the start when another write came between. */
export async function updateObject(parts: PipelineParts, request: WriteRequest, propose: Propose): Promise<Written> {
  const { resource } = request
  const key = objectKeyText(resource.cache.prefix, request.key)
  return await attempt(parts, request, key, propose) ?? parts.lane.again(request, key, () => attempt(parts, request, key, propose))
}

/** Undefined: another write came between. */
async function attempt(parts: PipelineParts, request: WriteRequest, key: string, propose: Propose): Promise<Written | undefined> {
  const { resource } = request
  const cached = resource.cache.getByText(key)
  if (cached === undefined) throw notFound(resourceName(resource), request.key.name)
  const shown = shownAs(resource, cached)
  const current = (shown instanceof Promise ? await shown : shown).object
  const proposal = propose(current)
  const proposed = proposal instanceof Promise ? await proposal : proposal
  const draft = stamped(request, proposed.object, current)
  const admission = admissionOf(request, draft, current)
  let outcome: 'stored' | 'not-stored' = 'not-stored'
  try {
    await admitChange(parts, request, { proposed, draft, current, admission })
    if (request.dryRun) return { served: servedOnce(draft), created: false }
    const written = await store(parts, request, { cached, current, draft, admission })
    if (written === undefined) return undefined
    outcome = 'stored'
    return { served: resource.remote === undefined ? written.seen(resource.view) : await shownAs(resource, written), created: false }
  } finally {
    parts.admission.settle(admission, outcome)
  }
}

/** What differs between the object itself and its status or another facet of it. */
interface Variant {
  prepareForUpdate(draft: KubeObject, old: KubeObject, context: PrepareContext): void
  validateUpdate(object: KubeObject, old: KubeObject): readonly FieldError[]
}

/** A scale is an update of the object by another door. */
function variantOf(parts: PipelineParts, request: WriteRequest): Variant {
  const { definition, kind } = request.resource
  if (request.subresource === '' || request.subresource === 'scale') return definition
  const variant = request.subresource === 'status'
    ? definition.status
    : parts.facets.get(facetId(kind.group, kind.plural, request.subresource))
  return present(variant, `the ${request.subresource} subresource of ${kind.plural}`)
}

function stamped(request: WriteRequest, draft: KubeObject, current: KubeObject): KubeObject {
  request.resource.definition.defaults(draft)
  stampUpdate(request, draft, current)
  return draft
}

/** What comes after compares the draft with the current object several times: equal parts are made the same, so that this is cheap. */
function shareWithCurrent({ draft, current, proposed }: Change): void {
  draft.metadata = { ...draft.metadata }
  shareMembers(draft, current, 'metadata')
  // What an apply has tracked stands for all objects with the same fields: it is nobody's to change.
  shareMembers(draft.metadata, current.metadata, proposed.tracked === undefined ? undefined : 'managedFields')
}

function shareMembers(draft: object, current: object, except: string | undefined): void {
  if (!isObject(draft) || !isObject(current)) return
  for (const name in draft) if (name !== except) draft[name] = shareUnchanged(draft[name], current[name])
}

interface Change {
  readonly proposed: Draft
  readonly draft: KubeObject
  readonly current: KubeObject
  readonly admission: AdmissionRequest
}

async function admitChange(parts: PipelineParts, request: WriteRequest, change: Change): Promise<void> {
  const { definition, kind } = request.resource
  const { draft, current, admission } = change
  const mutated = parts.admission.mutate(admission)
  const isMutated = typeof mutated === 'boolean' ? mutated : await mutated
  if (isMutated && request.subresource === 'scale') takeScale(request.resource, draft, admission.object)
  if (isMutated) settleMutated(request, draft, current)
  const variant = variantOf(parts, request)
  variant.prepareForUpdate(draft, current, prepareContext(parts, request))
  shareWithCurrent(change)
  // Annotations count as wants of a Deployment, but not those that come with its status.
  if (request.subresource !== 'status') raiseGeneration(definition, draft, current)
  const errors = [
    ...validateMetadataForUpdate(withoutNewOwners(draft.metadata, current.metadata), current.metadata, definition),
    ...variant.validateUpdate(draft, current),
  ]
  if (errors.length > 0) throw invalid(kind, draft.metadata.name ?? '', errors)
  const { resource } = request
  const tracked = change.proposed.tracked ?? (hasOtherVersions(resource, current.metadata.managedFields)
    ? await trackAcrossVersions(parts, request, resource, change)
    : trackWrite(parts, request, draft, current))
  const given = change.proposed.tracked === undefined ? draft.metadata.managedFields : undefined
  setManagedFields(draft, tracked)
  if (given !== undefined && given !== current.metadata.managedFields) checkManagedFields(request, draft)
  const validating = parts.admission.validate(admission, request)
  if (validating !== undefined) await validating
}

/** A revision that a mutator has put into the draft is a condition, as one from the client is. */
function settleMutated({ resource }: WriteRequest, draft: KubeObject, current: KubeObject): void {
  resource.definition.defaults(draft)
  const { resourceVersion: revision = '', name = '' } = current.metadata
  if ((draft.metadata.resourceVersion ?? revision) !== revision) throw modified(resource, name)
  draft.metadata.resourceVersion = revision
}

interface Replacement {
  readonly cached: CachedObject
  readonly current: KubeObject
  readonly draft: KubeObject
  readonly admission: AdmissionRequest
}

/** A write that changes nothing is not made. One that takes away what held a deleted object makes the object go. */
async function store(parts: PipelineParts, request: WriteRequest, replacement: Replacement): Promise<CachedObject | undefined> {
  const { cached, current, draft, admission } = replacement
  if (isReadyToGo(draft)) return commitDeletion(parts, cached, parts.charges.chargeOf(admission, undefined))
  const isUnchanged = sameJson(draft, current)
  if (isUnchanged && isStoredAsServed(request, cached, current)) return cached
  const form = storedAs(request.resource, draft)
  const stored = form instanceof Promise ? await form : form
  if (isUnchanged && sameJson(stored, cached.object)) return cached
  const charge = parts.charges.chargeOf(admission, draft)
  const result = await commitObject(parts, cached.key, stored, cached.revision, charge)
  return result.outcome === 'stored' ? result.cached : undefined
}

/** An object of an older version or schema is written anew although its writer changes nothing: that is how a storage is migrated. */
function isStoredAsServed({ resource }: WriteRequest, cached: CachedObject, current: KubeObject): boolean {
  return resource.definition.form === undefined || (resource.kind === resource.storedKind && cached.object === current)
}

function admissionOf(request: WriteRequest, draft: KubeObject, current: KubeObject): AdmissionRequest {
  const { resource, key, subresource } = request
  // By this door the object is a Scale, to all who are asked.
  const shown = subresource === 'scale'
    ? { object: scaleOf(resource, draft), old: scaleOf(resource, current) }
    : { object: draft, old: current }
  return {
    operation: 'UPDATE', kind: resource.kind, key, subresource, ...shown,
    user: request.user, dryRun: request.dryRun, options: request.options, audit: request.audit, delays: request.delays,
    warn: (message) => request.warn(message),
  }
}
