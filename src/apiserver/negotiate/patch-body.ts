import { decodeJson, duplicateFields } from '../../objects/codec-json.ts'
import { decodeYaml } from '../../objects/codec-yaml.ts'
import { isObject } from '../../objects/json.ts'
import type { JsonObject } from '../../objects/json.ts'
import { badRequest, unsupportedMediaType } from '../../words/status-error.ts'
import type { ServerRequest } from '../http.ts'
import type { ObjectPatch } from '../pipeline/patch.ts'
import { mediaType, yamlOptions } from './body.ts'
import type { Strictness } from './body.ts'

const ACCEPTED = 'the body of the request was in an unknown format - accepted media types include: application/json-patch+json,'
  + ' application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml'

export type PatchType = ObjectPatch['type']

export function patchType(request: ServerRequest): PatchType {
  switch (mediaType(request.headers['content-type'])) {
    case 'application/json-patch+json': return 'json'
    case 'application/merge-patch+json': return 'merge'
    case 'application/strategic-merge-patch+json': return 'strategic'
    case 'application/apply-patch+yaml': return 'apply'
    default: throw unsupportedMediaType(ACCEPTED)
  }
}

export interface DecodedPatch {
  readonly patch: ObjectPatch
  readonly duplicates: readonly string[]
}

export async function readPatch(
  request: ServerRequest, options: { type: PatchType; maxBytes: number; force: boolean; strictness: Strictness },
): Promise<DecodedPatch> {
  const { type, force } = options
  const bytes = await request.body(options.maxBytes)
  // JSON is YAML too, and nearly all clients send an apply as JSON.
  const isJson = type !== 'apply' || startsWithBrace(bytes)
  const value = isJson ? decodeJson(bytes) : decodeYaml(bytes, yamlOptions(options.strictness))
  const duplicates = isJson && options.strictness.findDuplicates ? duplicateFields(bytes) : []
  if (type === 'json') {
    if (!Array.isArray(value)) throw badRequest('a JSON patch must be a list of operations')
    return { patch: { type, operations: value }, duplicates }
  }
  const body = objectIn(value)
  return { patch: type === 'apply' ? { type, body, force } : { type, body }, duplicates }
}

function startsWithBrace(bytes: Uint8Array): boolean {
  return bytes.find((byte) => byte > 0x20) === 0x7b
}

function objectIn(value: unknown): JsonObject {
  if (!isObject(value)) throw badRequest('the patch must be one object')
  return value
}
