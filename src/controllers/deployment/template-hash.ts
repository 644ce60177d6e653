import { isObject } from '../../objects/json.ts'
import { sameJson } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { PodTemplateSpec } from '../../resources/generated/types.ts'
import { utf8 } from '../../words/bytes.ts'
import { safeEncode } from '../../words/random.ts'

/** Tells the pods and ReplicaSets of one template from those of another. */
export const TEMPLATE_HASH_LABEL = 'pod-template-hash'

/** The name suffix of a template's ReplicaSet. Every collision with a foreign ReplicaSet of that name gives another one. */
export function templateHash(template: PodTemplateSpec, collisionCount: number): string {
  return safeEncode(String(fnv32a(utf8(`${canonical(template)}#${collisionCount}`))))
}

/** Equal but for the label that the controller itself adds. */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return sameJson(a.spec, b.spec) && sameJson(withoutHash(a), withoutHash(b))
}

function withoutHash({ metadata }: PodTemplateSpec): object {
  const { [TEMPLATE_HASH_LABEL]: _, ...labels } = metadata?.labels ?? {}
  return { ...metadata, labels, creationTimestamp: undefined }
}

/** JSON with sorted keys, so that the order in which a client wrote the fields does not matter. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isObject(value)) return jsonText(value) ?? 'null'
  const fields = Object.keys(value).filter((key) => value[key] !== undefined).sort()
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`
}

/** Fowler-Noll-Vo 1a, 32 bits. */
function fnv32a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
