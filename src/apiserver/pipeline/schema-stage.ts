import { notDeclared } from '../../objects/apply/not-typed.ts'
import { copyJson, isObject } from '../../objects/json.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { normalizeObject } from '../../objects/schema-walk.ts'
import type { ObjectSchema } from '../../objects/schema.ts'
import { present } from '../../words/assert.ts'
import { badRequest } from '../../words/status-error.ts'
import type { ServedResource } from '../resource-set.ts'
import type { PipelineParts, WriteRequest } from './write-request.ts'

type SchemaParts = Pick<PipelineParts, 'schemas'>

export function schemaOf(parts: SchemaParts, { definition, kind }: Pick<ServedResource, 'definition' | 'kind'>): ObjectSchema {
  return definition.form?.schema ?? present(parts.schemas(kind.schema), `the schema ${kind.schema}`)
}

/**
 * The decode stage: types, unknown fields, apiVersion and kind. The body is ours; it comes back as an object of the resource's kind.
 * What it shares with the current object was decoded when that was written.
 */
export function decodeFields(parts: SchemaParts, request: WriteRequest, body: object, current?: KubeObject): KubeObject {
  const { object, unknownFields } = decodeFor(parts, request, body, current)
  reportFields(request, request.resource.kind, unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`))
  return object
}

/** What is applied has no field that its kind has not, as somebody is to own each. */
export function decodeApplied(parts: SchemaParts, request: WriteRequest, body: object): KubeObject {
  const { object, unknownFields } = decodeFor(parts, request, body, undefined)
  if (unknownFields.length > 0) throw notDeclared(schemaOf(parts, request.resource), object, unknownFields)
  return object
}

function decodeFor(parts: SchemaParts, request: WriteRequest, body: object, current: KubeObject | undefined): DecodedObject {
  if (!isObject(body)) throw badRequest('the body must be an object')
  checkKind(request.resource, body)
  const { kind, definition } = request.resource
  if (request.trusted) return { object: withMetadata(request.resource, body), unknownFields: [] }
  const { object, unknownFields } = definition.form?.read(current === undefined ? body : copyJson(body))
    ?? normalizeObject(schemaOf(parts, request.resource), body, kind, current)
  return { object: withMetadata(request.resource, object), unknownFields }
}

/** An object that somebody else made, and what of it the kind has no fields for. */
export interface DecodedObject {
  readonly object: KubeObject
  readonly unknownFields: readonly string[]
}

/** An object that does not come from a client, with its defaults. It is changed in place. Throws StatusError 400 where it cannot be one. */
export function decodeObject(parts: SchemaParts, resource: ServedResource, body: JsonObject): DecodedObject {
  if (body['kind'] !== resource.kind.kind) return decodeBody(parts, body)
  checkKind(resource, body)
  const { object, unknownFields } = resource.definition.form?.read(body) ?? normalizeObject(schemaOf(parts, resource), body, resource.kind)
  const decoded = withMetadata(resource, object)
  resource.definition.defaults(decoded)
  return { object: decoded, unknownFields }
}

/** The body of a subresource (Scale, Eviction): what has no schema is nothing that anybody reads. */
function decodeBody(parts: SchemaParts, body: JsonObject): DecodedObject {
  const { kind, apiVersion } = body
  const schema = bodySchema(parts, body)
  if (schema === undefined || typeof kind !== 'string' || typeof apiVersion !== 'string') {
    return { object: body as JsonObject & KubeObject, unknownFields: [] }
  }
  const { object, unknownFields } = normalizeObject(schema, body, { kind, version: apiVersion.slice(apiVersion.indexOf('/') + 1) })
  return { object: { ...object, metadata: object['metadata'] ?? {} } as JsonObject & KubeObject, unknownFields }
}

/** By the names of the tables: autoscaling.v1.Scale, core.v1.Binding. */
export function bodySchema({ schemas }: SchemaParts, { kind, apiVersion }: JsonObject): ObjectSchema | undefined {
  const [group = '', version = ''] = String(apiVersion).includes('/') ? String(apiVersion).split('/') : ['core', String(apiVersion)]
  return schemas(`${group.split('.')[0] ?? ''}.${version}.${String(kind)}`)
}

/** What strict decoding found: an error, warnings or nothing, as the client asked for (KEP-2885). */
export function reportFields(
  request: Pick<WriteRequest, 'fieldValidation' | 'warn'>,
  of: { readonly kind: string; readonly version: string }, problems: readonly string[],
): void {
  if (problems.length === 0 || request.fieldValidation === 'Ignore') return
  if (request.fieldValidation === 'Strict') {
    const subject = `${of.kind} in version ${JSON.stringify(of.version)} cannot be handled as a ${of.kind}`
    throw badRequest(`${subject}: strict decoding error: ${problems.join(', ')}`)
  }
  for (const problem of problems) request.warn(problem)
}

function checkKind(resource: ServedResource, body: JsonObject): void {
  const { kind, apiVersion } = body
  const right = resource.kind.kind
  if (
    (kind === undefined || kind === '' || kind === right)
    && (apiVersion === undefined || apiVersion === '' || apiVersion === resource.apiVersion)
  ) return
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') throw badRequest('the object has no valid kind and apiVersion')
  throw badRequest(
    `the object provided is unrecognized (must be of type ${right}): ${apiVersion}, Kind=${kind} does not match ${resource.apiVersion}, Kind=${right}`,
  )
}

/** kind and apiVersion may be left out where the path says them. */
function withMetadata(resource: ServedResource, body: JsonObject): KubeObject {
  const metadata = body['metadata']
  if (metadata !== undefined && !isObject(metadata)) throw badRequest('metadata must be an object')
  return { ...body, apiVersion: resource.apiVersion, kind: resource.kind.kind, metadata: metadata ?? {} }
}
