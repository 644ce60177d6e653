import { copyJson, isObject } from '../../objects/json.ts'
import type { JsonObject } from '../../objects/json.ts'

/** A copy that the stages may change. Managed fields are shared: they are large, and only ever replaced as a whole. */
export function freshDraft<T extends object>(object: T): T {
  const draft = { ...object }
  for (const field in object) draft[field] = field === 'metadata' ? copyMetadata(object[field]) : copyJson(object[field])
  return draft
}

function copyMetadata<M>(metadata: M): M {
  if (!isObject(metadata)) return metadata
  const copy: JsonObject = {}
  for (const field in metadata) copy[field] = field === 'managedFields' ? metadata[field] : copyJson(metadata[field])
  return copy as M
}
