import { copyJson, isObject } from '../../objects/json.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'

/** A copy that the stages may change. Managed fields are shared: they are large, and only ever replaced as a whole. */
export function freshDraft<T extends object>(object: T): T {
  const draft = { ...object }
  for (const field in object) draft[field] = field === 'metadata' ? copyMetadata(object[field]) : copyJson(object[field])
  return draft
}

/**
 * A copy of what differs from the current object. What is the same as there (the spec, where the status is written) stays shared:
 * defaults and preparation do not write to what stands, and before a mutator is asked, unshare makes it the draft's own.
 */
export function draftOver(object: KubeObject, current: KubeObject): KubeObject {
  const draft = { ...object }
  copyChanged(draft, current, 'metadata')
  draft.metadata = { ...object.metadata }
  copyChanged(draft.metadata, current.metadata, 'managedFields')
  return draft
}

function copyChanged(draft: object, current: object, except: string): void {
  if (!isObject(draft) || !isObject(current)) return
  for (const name in draft) if (name !== except && draft[name] !== current[name]) draft[name] = copyJson(draft[name])
}

/** After this nothing of the draft but its managed fields is shared with the current object. */
export function unshare(draft: KubeObject, current: KubeObject): void {
  copyShared(draft, current, 'metadata')
  copyShared(draft.metadata, current.metadata, 'managedFields')
}

function copyShared(draft: object, current: object, except: string): void {
  if (!isObject(draft) || !isObject(current)) return
  for (const name in draft) if (name !== except && draft[name] === current[name]) draft[name] = copyJson(draft[name])
}

function copyMetadata<M>(metadata: M): M {
  if (!isObject(metadata)) return metadata
  const copy: JsonObject = {}
  for (const field in metadata) copy[field] = field === 'managedFields' ? metadata[field] : copyJson(metadata[field])
  return copy as M
}
