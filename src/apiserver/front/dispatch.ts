import type { Verb } from '../../resources/definition.ts'
import { StatusError, methodNotAllowed } from '../../words/status-error.ts'
import type { ServerResponse } from '../http.ts'
import { facetId, resourceName } from '../pipeline/write-request.ts'
import type { PipelineParts } from '../pipeline/write-request.ts'
import { unknownPath } from '../request-info.ts'
import type { ServedResource } from '../resource-set.ts'
import type { BodyParts } from '../negotiate/body.ts'
import type { HttpCall, ResourceCall } from './http-call.ts'
import { getResponse, listResponse } from './reads.ts'
import { connectResponse, objectRouteResponse, pathResponse } from './route-calls.ts'
import type { Elsewhere } from '../route.ts'
import type { RouteTable } from './route-table.ts'
import type { Watches } from './watches.ts'
import {
  createResponse, deleteCollectionResponse, deleteResponse, patchResponse, scaleResponse, updateResponse,
} from './writes.ts'

export interface DispatchParts extends PipelineParts, BodyParts {
  readonly routes: RouteTable
  readonly watches: Watches
  readonly elsewhere: Elsewhere | undefined
}

/** Throws, or promises the response: each function that waits on the way would cost a small request some percent. */
export function dispatch(parts: DispatchParts, call: HttpCall): ServerResponse | Promise<ServerResponse> {
  if (!call.info.isResource) return dispatchPath(parts, call)
  const { group, version, resource: plural, namespace, name, subresource, verb } = call.info
  const resource = parts.resources.find(group, version, plural)
  if (resource === undefined) return dispatchElsewhere(parts, call)
  if (resource.definition.deprecation !== undefined) call.warnings.push(resource.definition.deprecation)
  // A namespace object's own path carries its name as the namespace too.
  const scope = resource.kind.namespaced ? namespace : ''
  if (!resource.kind.namespaced && namespace !== '' && !isNamespaceItself(resource)) throw unknownPath()
  const isCollection = verb === 'list' || verb === 'watch' || verb === 'deletecollection'
  if (resource.kind.namespaced && namespace === '' && !isCollection && verb !== 'create') throw unknownPath()
  const keyName = isCollection && verb !== 'watch' ? '' : name
  const resourceCall: ResourceCall = { ...call, resource, key: { namespace: scope, name: keyName } }
  const route = parts.routes.resources.get(facetId(group, plural, subresource))
  if (route?.type === 'connect') return connectResponse(parts, resourceCall, route)
  if (call.info.rest !== '') throw unknownPath()
  if (route !== undefined) return objectRouteResponse(parts, resourceCall, route)
  if (subresource !== '') return dispatchSubresource(parts, resourceCall)
  if (resource.definition.virtual) throw unknownPath()
  return dispatchObject(parts, resourceCall)
}

function isNamespaceItself(resource: ServedResource): boolean {
  return resource.kind.group === '' && resource.kind.plural === 'namespaces'
}

function dispatchPath(parts: DispatchParts, call: HttpCall): ServerResponse | Promise<ServerResponse> {
  const { path, method } = call.request
  const route = parts.routes.paths.find((candidate) => candidate.matches(path))
  if (route === undefined) return dispatchElsewhere(parts, call)
  if (!route.methods.includes(method)) {
    throw new StatusError(405, 'MethodNotAllowed', `the server does not allow the method ${method} on ${path}`)
  }
  return pathResponse(parts, call, route)
}

function dispatchElsewhere(parts: DispatchParts, call: HttpCall): Promise<ServerResponse> {
  const answer = parts.elsewhere?.answer(call.request, call.user)
  if (answer === undefined) throw unknownPath()
  // What a watch begins with is told by others, at their cost.
  return answer.finally(() => call.begun())
}

function refusedVerb({ kind, definition }: ServedResource, verb: string): StatusError {
  const of = { group: kind.group, resource: kind.plural }
  if (definition.isTerminating !== true) return methodNotAllowed(of, verb)
  return methodNotAllowed(of, verb, `${verb} not allowed while custom resource definition is terminating`)
}

function dispatchObject(parts: DispatchParts, call: ResourceCall): ServerResponse | Promise<ServerResponse> {
  const { resource, info } = call
  if (!resource.definition.verbs.includes(info.verb as Verb)) throw refusedVerb(resource, info.verb)
  switch (info.verb as Verb) {
    case 'get': return getResponse(parts, call)
    case 'list': return listResponse(parts, call)
    case 'watch': return parts.watches.respond(call)
    case 'create':
      if (info.name !== '' || (resource.kind.namespaced && info.namespace === '')) throw methodNotAllowed(resourceName(resource), 'create')
      return createResponse(parts, call)
    case 'update': return updateResponse(parts, named(call))
    case 'patch': return patchResponse(parts, named(call))
    case 'delete': return deleteResponse(parts, call)
    case 'deletecollection': return deleteCollectionResponse(parts, call)
  }
}

function named(call: ResourceCall): ResourceCall {
  if (call.key.name === '') throw methodNotAllowed(resourceName(call.resource), call.info.verb)
  return call
}

function dispatchSubresource(parts: DispatchParts, call: ResourceCall): ServerResponse | Promise<ServerResponse> {
  const { resource, info } = call
  if (!hasSubresource(parts, resource, info.subresource)) throw unknownPath()
  switch (info.verb) {
    case 'get': return info.subresource === 'scale' ? scaleResponse(parts, call) : getResponse(parts, call)
    case 'update': return updateResponse(parts, call)
    case 'patch': return patchResponse(parts, call)
    default: throw methodNotAllowed(resourceName(resource), info.verb)
  }
}

function hasSubresource(parts: DispatchParts, resource: ServedResource, subresource: string): boolean {
  const { definition, kind } = resource
  if (subresource === 'status') return definition.status !== undefined
  if (subresource === 'scale') return definition.scale !== undefined
  return parts.facets.has(facetId(kind.group, kind.plural, subresource))
}
