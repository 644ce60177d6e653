import type { JsonObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import { normalizeObject } from '../../objects/schema-walk.ts'
import type { KubeObject, ObjectKey } from '../../objects/kube-object.ts'
import { present } from '../../words/assert.ts'
import { badRequest, methodNotAllowed } from '../../words/status-error.ts'
import type { AdmissionRequest, RequestInfo } from '../access.ts'
import type { ServerResponse } from '../http.ts'
import { readObject } from '../negotiate/body.ts'
import type { BodyParts } from '../negotiate/body.ts'
import { requireObjectForm } from '../negotiate/metadata-only.ts'
import { objectResponse } from '../negotiate/response.ts'
import { partialOf } from '../negotiate/table.ts'
import { managerFromUserAgent, parseWriteOptions } from '../options/write-options.ts'
import type { FieldValidation } from '../options/write-options.ts'
import { objectWriter } from '../pipeline/object-writer.ts'
import { reportFields } from '../pipeline/schema-stage.ts'
import { resourceName } from '../pipeline/write-request.ts'
import type { PipelineParts } from '../pipeline/write-request.ts'
import type { CallContext, ConnectRoute, ObjectAnswer, ObjectCall, ObjectRoute, PathRoute } from '../route.ts'
import type { ServedResource } from '../resource-set.ts'
import { servedOnce } from '../watch-cache/cached-object.ts'
import { connectOptions } from './connect-options.ts'
import type { HttpCall, ResourceCall } from './http-call.ts'
import { renderItems, renderObject } from './render.ts'

type RouteParts = PipelineParts & BodyParts

function contextOf(parts: PipelineParts, call: HttpCall): CallContext {
  const warn = (message: string): void => {
    call.warnings.push(message)
  }
  const { signal } = call.request
  const manager = managerFromUserAgent(call.request.headers['user-agent'])
  const audit = call.trail?.notes
  const writer = objectWriter(parts, { user: call.user, manager, signal, audit, warn })
  return { info: call.info, user: call.user, reader: parts.reader, writer, signal, audit, warn }
}

export async function objectRouteResponse(parts: RouteParts, call: ResourceCall, route: ObjectRoute): Promise<ServerResponse> {
  const options = parseWriteOptions(call.query, call.info.verb === 'create' ? 'CreateOptions' : 'UpdateOptions')
  const hasBody = call.info.verb === 'create' || call.info.verb === 'update'
  const body = hasBody ? (await readObject(call.request, parts, options)).object : {}
  if (hasBody) call.trail?.requestObject(body)
  const answer = await callObjectRoute(parts, contextOf(parts, call), {
    route, resource: call.resource, key: call.key, body, dryRun: options.dryRun, fieldValidation: options.fieldValidation,
  })
  return rendered(parts, call, route, answer)
}

/** What is a resource of its own, though nothing is stored, is shown in every form that others have: as a table too. */
function rendered({ clock }: RouteParts, call: ResourceCall, route: ObjectRoute, { status, object }: ObjectAnswer): ServerResponse {
  if (route.subresource === '' && call.info.verb === 'get') {
    return renderObject(clock, call, status, servedOnce(object as JsonObject & KubeObject))
  }
  if (call.info.verb === 'list') return renderItems(clock, call, (object['items'] ?? []) as readonly KubeObject[], { resourceVersion: '' })
  const { accepted } = call
  if (object['kind'] === 'Status') return objectResponse(status, object, accepted)
  const one = object as JsonObject & KubeObject
  requireObjectForm(accepted, call.resource, one)
  return objectResponse(status, accepted.as === 'partial' ? partialOf(one, accepted.meta) : one, accepted)
}

export interface ObjectRouteCall {
  readonly route: ObjectRoute
  readonly resource: ServedResource
  readonly key: ObjectKey
  readonly body: JsonObject
  readonly dryRun: boolean
  readonly fieldValidation: FieldValidation
}

/** Schema, admission, handler: the same over HTTP and in process. */
export async function callObjectRoute(parts: PipelineParts, context: CallContext, given: ObjectRouteCall): Promise<ObjectAnswer> {
  const { route, resource, key } = given
  const verb = objectVerb(route, context.info, resource)
  const call = { ...context, verb, key, dryRun: given.dryRun }
  if (verb !== 'create' && verb !== 'update') return route.handle({ ...call, body: {} })
  const body = checkedBody(parts, context, given)
  const admission: AdmissionRequest = {
    operation: verb === 'create' ? 'CREATE' : 'UPDATE', kind: resource.kind, key, subresource: route.subresource,
    object: body, old: undefined, user: context.user, dryRun: given.dryRun, audit: context.audit, warn: (message) => context.warn(message),
  }
  let outcome: 'stored' | 'not-stored' = 'not-stored'
  try {
    await parts.admission.mutate(admission)
    await parts.admission.validate(admission, context)
    const answer = await route.handle({ ...call, body })
    if (!given.dryRun) outcome = 'stored'
    return answer
  } finally {
    parts.admission.settle(admission, outcome)
  }
}

function objectVerb(route: ObjectRoute, info: RequestInfo, resource: ServedResource): ObjectCall['verb'] {
  const verb = route.verbs.find((supported) => supported === info.verb)
  if (verb === undefined) throw methodNotAllowed(resourceName(resource), info.verb)
  return verb
}

function checkedBody(
  parts: PipelineParts, context: CallContext, { route, body, key, fieldValidation }: ObjectRouteCall,
): JsonObject & KubeObject {
  const { group, version, kind } = route.body
  const apiVersion = group === '' ? version : `${group}/${version}`
  if ((body['kind'] ?? kind) !== kind) {
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}), not ${jsonText(body['kind'])}`)
  }
  const schema = present(parts.schemas(route.body.schema), `the schema ${route.body.schema}`)
  const { object, unknownFields } = normalizeObject(schema, body, { kind, version })
  reportFields(
    { fieldValidation, warn: (message) => context.warn(message) }, { kind, version },
    unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`),
  )
  const metadata = (object['metadata'] ?? {}) as KubeObject['metadata']
  if (key.namespace !== '' && metadata.namespace !== undefined && metadata.namespace !== '' && metadata.namespace !== key.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  return { ...object, apiVersion: (body['apiVersion'] as string | undefined) ?? apiVersion, kind, metadata }
}

export async function connectResponse(parts: RouteParts, call: ResourceCall, route: ConnectRoute): Promise<ServerResponse> {
  const { request, query, key } = call
  if (!route.methods.includes(request.method)) throw methodNotAllowed(resourceName(call.resource), request.method)
  if (route.admitted) {
    const admission: AdmissionRequest = {
      operation: 'CONNECT', kind: call.resource.kind, key, subresource: route.subresource,
      object: connectOptions(call.resource.kind.kind, route.subresource, { query, rest: call.info.rest }),
      old: undefined, user: call.user, dryRun: false, audit: call.trail?.notes,
      warn: (message) => call.warnings.push(message),
    }
    await parts.admission.mutate(admission)
    await parts.admission.validate(admission, { warn: (message) => call.warnings.push(message) })
  }
  return route.handle({ ...contextOf(parts, call), request, query, key, rest: call.info.rest })
}

export async function pathResponse(parts: RouteParts, call: HttpCall, route: PathRoute): Promise<ServerResponse> {
  const { request, query } = call
  return route.handle({ ...contextOf(parts, call), request, query })
}
