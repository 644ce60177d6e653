import type { ResourceDefinition } from '../../resources/definition.ts'
import { definitionName, patchName } from './openapi-names.ts'
import type { GroupVersionKind, OpenApiVersion } from './openapi-schema.ts'
import { subresourcesOf } from './served-groups.ts'

export type PathItem = Record<string, unknown>

/** The methods of OpenAPI and the verbs that they stand for at a collection and at an object. */
const COLLECTION: readonly (readonly [method: string, verb: string, action: string])[] = [
  ['get', 'list', 'list'], ['post', 'create', 'post'], ['delete', 'deletecollection', 'deletecollection'],
]
const ITEM: readonly (readonly [method: string, verb: string, action: string])[] = [
  ['get', 'get', 'get'], ['put', 'update', 'put'], ['patch', 'patch', 'patch'], ['delete', 'delete', 'delete'], ['post', 'create', 'post'],
]
const PATCH_TYPES: readonly string[] = [
  'application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json',
]
const WRITE_PARAMETERS: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation']
const LIST_PARAMETERS: readonly string[] = [
  'allowWatchBookmarks', 'continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'resourceVersionMatch', 'sendInitialEvents',
  'timeoutSeconds', 'watch',
]
const DELETE_PARAMETERS: readonly string[] = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy']
const BOOLEANS = new Set(['allowWatchBookmarks', 'force', 'orphanDependents', 'sendInitialEvents', 'watch'])
const INTEGERS = new Set(['gracePeriodSeconds', 'limit', 'timeoutSeconds'])

/** What one resource serves where: enough for clients that look for a kind, its verbs and the options of its patch. */
export function pathsOf(version: OpenApiVersion, definition: ResourceDefinition): Record<string, PathItem> {
  const { kind } = definition
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  const scoped = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`
  const own = { version, schema: kind.schema, gvk: gvkOf(kind) }
  const verbs: readonly string[] = definition.verbs
  const paths: Record<string, PathItem> = {}
  if (kind.namespaced && verbs.includes('list')) paths[`${root}/${kind.plural}`] = item(own, COLLECTION.slice(0, 1), verbs, [])
  const inNamespace = kind.namespaced ? ['namespace'] : []
  paths[scoped] = item(own, COLLECTION, verbs, inNamespace)
  // A resource that stores nothing has no objects below it.
  const itemVerbs = verbs.filter((verb) => verb !== 'create')
  if (itemVerbs.includes('get')) paths[`${scoped}/{name}`] = item(own, ITEM, itemVerbs, [...inNamespace, 'name'])
  for (const subresource of subresourcesOf(definition)) {
    const schema = subresource.kind.kind === kind.kind ? kind.schema : schemaNameOf(subresource.kind)
    paths[`${scoped}/{name}/${subresource.name}`] = item({ version, schema, gvk: gvkOf(subresource.kind) }, ITEM, subresource.verbs, [...inNamespace, 'name'])
  }
  return Object.fromEntries(Object.entries(paths).filter(([, operations]) => Object.keys(operations).some((key) => key !== 'parameters')))
}

interface Subject {
  readonly version: OpenApiVersion
  readonly schema: string
  readonly gvk: GroupVersionKind
}

function gvkOf({ group, version, kind }: GroupVersionKind): GroupVersionKind {
  return { group, kind, version }
}

/** policy/v1 Eviction -> policy.v1.Eviction: the first word of the group names the package, core where there is none. */
export function schemaNameOf({ group, version, kind }: GroupVersionKind): string {
  return `${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${version}.${kind}`
}

function item(
  subject: Subject, table: readonly (readonly [string, string, string])[], verbs: readonly string[], pathParameters: readonly string[],
): PathItem {
  const operations = table.filter(([, verb]) => verbs.includes(verb)).map(([method, verb, action]) => [method, operation(subject, verb, action)] as const)
  const parameters = pathParameters.map((name) => parameter(subject.version, name, 'path'))
  return { ...Object.fromEntries(operations), ...(parameters.length === 0 ? {} : { parameters }) }
}

function operation(subject: Subject, verb: string, action: string): object {
  const names = parametersOf(verb)
  const schema = { $ref: referenceTo(subject.version, definitionName(verb === 'list' ? `${subject.schema}List` : subject.schema)) }
  const parameters: object[] = names.map((name) => parameter(subject.version, name, 'query'))
  const common = { 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': subject.gvk }
  if (subject.version === 'v3') {
    return {
      ...(parameters.length === 0 ? {} : { parameters }), ...requestBody(subject, verb),
      responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } }, ...common,
    }
  }
  if (isWrite(verb)) parameters.push({ name: 'body', in: 'body', required: true, schema: bodySchema(subject, verb) })
  return {
    ...(verb === 'patch' ? { consumes: PATCH_TYPES } : { consumes: ['*/*'] }), produces: ['application/json', 'application/yaml'], schemes: ['https'],
    ...(parameters.length === 0 ? {} : { parameters }), responses: { 200: { description: 'OK', schema } }, ...common,
  }
}

function isWrite(verb: string): boolean {
  return verb === 'create' || verb === 'update' || verb === 'patch'
}

function bodySchema(subject: Subject, verb: string): object {
  return { $ref: referenceTo(subject.version, verb === 'patch' ? patchName : definitionName(subject.schema)) }
}

function requestBody(subject: Subject, verb: string): object {
  if (!isWrite(verb)) return {}
  const schema = bodySchema(subject, verb)
  const types = verb === 'patch' ? PATCH_TYPES : ['*/*']
  return { requestBody: { required: true, content: Object.fromEntries(types.map((type) => [type, { schema }])) } }
}

function parametersOf(verb: string): readonly string[] {
  switch (verb) {
    case 'create': case 'update': return WRITE_PARAMETERS
    case 'patch': return [...WRITE_PARAMETERS, 'force']
    case 'list': return LIST_PARAMETERS
    case 'delete': return DELETE_PARAMETERS
    case 'deletecollection': return [...DELETE_PARAMETERS, ...LIST_PARAMETERS.filter((name) => name !== 'watch' && name !== 'allowWatchBookmarks')]
    default: return []
  }
}

function parameter(version: OpenApiVersion, name: string, place: 'path' | 'query'): object {
  const type = BOOLEANS.has(name) ? 'boolean' : INTEGERS.has(name) ? 'integer' : 'string'
  const common = { name, in: place, ...(place === 'path' ? { required: true } : {}) }
  return version === 'v2' ? { ...common, type, uniqueItems: true } : { ...common, schema: { type, uniqueItems: true } }
}

function referenceTo(version: OpenApiVersion, name: string): string {
  return `${version === 'v2' ? '#/definitions/' : '#/components/schemas/'}${name}`
}
