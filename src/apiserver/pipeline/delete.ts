import { sameJson, type Integer } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { conflict, notFound } from '../../words/status-error.ts'
import type { AdmissionRequest } from '../access.ts'
import type { DeleteOptions } from '../options/delete-options.ts'
import { objectKeyText } from '../storage/keys.ts'
import { shownAs } from '../shown-objects.ts'
import { servedOnce, withRevision } from '../watch-cache/cached-object.ts'
import type { CachedObject, Served } from '../watch-cache/cached-object.ts'
import { commitDeletion, commitObject } from './commit.ts'
import { finalizersFor, isHeld, markDeleted } from './deletion-marks.ts'
import type { PipelineParts, WriteRequest } from './write-request.ts'
import { resourceName } from './write-request.ts'

export interface Deleted {
  /** gone: it was removed; pending: something holds it (a finalizer, a grace period). */
  readonly outcome: 'gone' | 'pending'
  /** Its last or its present state. */
  readonly served: Served
}

/** admit -> mark or remove. Tried again on top of other writes, because a delete is about whatever the object is by then. */
export async function deleteObject(parts: PipelineParts, request: WriteRequest, options: DeleteOptions): Promise<Deleted> {
  const { resource } = request
  const key = objectKeyText(resource.cache.prefix, request.key)
  return await attempt(parts, request, key, options) ?? parts.lane.again(request, key, () => attempt(parts, request, key, options))
}

/** Undefined: another write came between. */
async function attempt(parts: PipelineParts, request: WriteRequest, key: string, options: DeleteOptions): Promise<Deleted | undefined> {
  const { resource } = request
  const current = resource.cache.getByText(key)
  if (current === undefined) throw notFound(resourceName(resource), request.key.name)
  checkPreconditions(request, current.object, options)
  const shown = shownAs(resource, current)
  const last = shown instanceof Promise ? await shown : shown
  const admission = admissionOf(request, last.object, options)
  let outcome: 'stored' | 'not-stored' = 'not-stored'
  try {
    await parts.admission.mutate(admission)
    await parts.admission.validate(admission, request)
    const step = nextStep(parts, request, current.object, options)
    if (request.dryRun || step.action === 'wait') {
      return { outcome: step.action === 'remove' ? 'gone' : 'pending', served: last }
    }
    const cached = step.action === 'remove'
      ? await commitDeletion(parts, current, parts.charges.chargeOf(admission, undefined))
      : await mark(parts, current, step.object)
    if (cached === undefined) return undefined
    outcome = 'stored'
    const gone = step.action === 'remove'
    if (resource.remote === undefined) return { outcome: gone ? 'gone' : 'pending', served: cached.seen(resource.view) }
    return gone
      ? { outcome: 'gone', served: servedOnce(withRevision(last.object, cached.revision)) }
      : { outcome: 'pending', served: await shownAs(resource, cached) }
  } finally {
    parts.admission.settle(admission, outcome)
  }
}

async function mark(parts: PipelineParts, current: CachedObject, object: KubeObject): Promise<CachedObject | undefined> {
  const result = await commitObject(parts, current.key, object, current.revision)
  return result.outcome === 'stored' ? result.cached : undefined
}

type Step =
  | { readonly action: 'remove' }
  | { readonly action: 'mark'; readonly object: KubeObject }
  /** It is being deleted already, and this call asks for nothing more. */
  | { readonly action: 'wait' }

function nextStep(parts: PipelineParts, request: WriteRequest, current: KubeObject, options: DeleteOptions): Step {
  const { definition } = request.resource
  const { metadata } = current
  const finalizers = finalizersFor(metadata, options, definition)
  const granted = definition.deletionGraceSeconds?.(current, options.gracePeriodSeconds) ?? 0
  const standing = metadata.deletionTimestamp === undefined ? undefined : (metadata.deletionGracePeriodSeconds ?? 0)
  const graceSeconds = standing === undefined ? granted : shortened(standing, granted, options)
  const marked = markDeleted(current, finalizers, graceSeconds, parts.clock.now())
  if (graceSeconds === 0 && !isHeld(marked)) return { action: 'remove' }
  if (standing === graceSeconds && sameJson(finalizers, metadata.finalizers ?? [])) return { action: 'wait' }
  return { action: 'mark', object: marked }
}

/** What is being deleted may only be hurried: a longer period, or none in particular, leaves it as it is. */
function shortened(standing: Integer, granted: Integer, options: DeleteOptions): Integer {
  if (options.gracePeriodSeconds === undefined) return standing
  return granted < standing ? granted : standing
}

/** Such a conflict names the kind, not the resource. */
function checkPreconditions(request: WriteRequest, current: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = current.metadata
  const { group, kind } = request.resource.kind
  const refuse = (reason: string): Error => conflict({ group, resource: kind }, request.key.name, reason)
  if (options.uid !== undefined && options.uid !== uid) {
    throw refuse(`the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). `
      + 'The object might have been deleted and then recreated')
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw refuse(`the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record `
      + `(${resourceVersion}). The object might have been modified`)
  }
}

function admissionOf(request: WriteRequest, current: KubeObject, options: DeleteOptions): AdmissionRequest {
  return {
    operation: 'DELETE', kind: request.resource.kind, key: request.key, subresource: '', object: undefined, old: current,
    user: request.user, dryRun: request.dryRun, options, audit: request.audit, delays: request.delays,
    warn: (message) => request.warn(message),
  }
}
