import { isObject, type JsonObject } from '../json.ts'
import { jsonText, parseJson } from '../json-text.ts'
import type { KubeObject } from '../kube-object.ts'
import type { ObjectSchema } from '../schema.ts'
import { emptySet, subtractSets, type FieldSet } from './field-set.ts'
import { appliedFields, changedFields, removedFields } from './ownership.ts'

/** What kubectl apply without --server-side leaves on an object: the configuration that it applied last. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** kubectl refuses larger annotations; so does the API. */
const MAX_LAST_APPLIED_CHARACTERS = 256 * 1024

/**
 * Fields that kubectl may take over without asking: it applied them itself, on the client, and they still have that value.
 * This is how a user moves to server-side apply without conflicts with his own past.
 */
export function takeoverFields(schema: ObjectSchema, live: KubeObject): FieldSet {
  const last = lastApplied(live)
  if (last === undefined) return emptySet
  const differing = changedFields(schema, last, live)
  return subtractSets(subtractSets(appliedFields(schema, last), differing), removedFields(schema, last, live))
}

function lastApplied(live: KubeObject): JsonObject | undefined {
  const text = live.metadata.annotations?.[LAST_APPLIED]
  if (text === undefined || text.length > MAX_LAST_APPLIED_CHARACTERS) return undefined
  try {
    const parsed: unknown = parseJson(text)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** Keeps the annotation in step while kubectl applies on the server, so that a return to client-side apply prunes rightly. */
export function syncLastApplied(merged: KubeObject, config: KubeObject): KubeObject {
  const { annotations } = merged.metadata
  if (annotations?.[LAST_APPLIED] === undefined) return merged
  const text = `${jsonText(withoutAnnotation(config))}\n`
  if (annotations[LAST_APPLIED] === text || text.length > MAX_LAST_APPLIED_CHARACTERS) return merged
  return { ...merged, metadata: { ...merged.metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } }
}

function withoutAnnotation(config: KubeObject): KubeObject {
  const { annotations } = config.metadata
  if (annotations?.[LAST_APPLIED] === undefined) return config
  const { [LAST_APPLIED]: _, ...others } = annotations
  return { ...config, metadata: { ...config.metadata, annotations: others } }
}
