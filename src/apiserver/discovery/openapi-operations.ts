import type { ResourceDefinition } from '../../resources/definition.ts'
import { definitionName, schemaNameOf } from './openapi-names.ts'
import { isCustom } from './custom-schema.ts'
import { ANY_TYPE, OBJECT_TYPES, PATCH_TYPES, capital, partOperation, plainOperation, watchOperation } from './openapi-operation.ts'
import type { Operation, Subject } from './openapi-operation.ts'
import { connectParameters } from './openapi-parameters.ts'
import { subresourcesOf } from './served-groups.ts'
import type { ServedSubresource } from './served-groups.ts'

export interface OperationsAtPath {
  readonly path: string
  /** {namespace} and {name}, where the path has them. */
  readonly places: readonly string[]
  /** Whose name {name} is. */
  readonly kind: string
  readonly operations: readonly Operation[]
}

/** Everything that one resource answers to. */
export function operationsOf(definition: ResourceDefinition): readonly OperationsAtPath[] {
  const { kind, verbs } = definition
  const subject = subjectOf(definition)
  const everywhere = { ...subject, scope: '', suffix: 'ForAllNamespaces' }
  const item = kind.namespaced ? `namespaces/{namespace}/${kind.plural}/{name}` : `${kind.plural}/{name}`
  const collection = item.slice(0, -'/{name}'.length)
  const at = (path: string, operations: readonly Operation[]): OperationsAtPath =>
    ({ path: `${rootOf(definition)}/${path}`, places: placesIn(path), kind: kind.kind, operations })
  const served = (on: Subject, of: readonly string[]): readonly Operation[] =>
    of.filter((verb) => (verbs as readonly string[]).includes(verb)).map((verb) => plainOperation(on, verb))
  const paths = [
    at(collection, served(subject, ['deletecollection', 'list', 'create'])),
    at(item, served(subject, ['delete', 'get', 'patch', 'update'])),
    ...subresourcesOf(definition).flatMap((subresource) => subresourcePaths(subject, subresource))
      .map(([tail, operations]) => at(`${item}/${tail}`, operations)),
  ]
  if (kind.namespaced) paths.push(at(kind.plural, served(everywhere, ['list'])))
  if (verbs.includes('watch')) {
    if (kind.namespaced) paths.push(at(`watch/${kind.plural}`, [watchOperation(everywhere, 'watchlist')]))
    paths.push(at(`watch/${collection}`, [watchOperation(subject, 'watchlist')]), at(`watch/${item}`, [watchOperation(subject, 'watch')]))
  }
  return paths.filter(({ operations }) => operations.length > 0)
}

/** The paths with a slash at their end, which tell what there is below them. */
export function discoveryOperations(definitions: readonly ResourceDefinition[]): readonly OperationsAtPath[] {
  const subjects = new Map(definitions.map((definition) => [rootOf(definition), subjectOf(definition)]))
  return [...subjects].map(([root, { group, tag }]) =>
    discoveryAt(`${root}/`, { id: `get${group}APIResources`, tag, text: 'get available resources', schema: 'meta.v1.APIResourceList' }))
}

/** What there is beside the groups' versions. */
export function rootOperations(definitions: readonly ResourceDefinition[]): readonly OperationsAtPath[] {
  const groups = [...new Set(definitions.map(({ kind }) => kind.group))].filter((group) => group !== '')
  return [
    discoveryAt('/api/', { id: 'getCoreAPIVersions', tag: 'core', text: 'get available API versions', schema: 'meta.v1.APIVersions' }),
    discoveryAt('/apis/', { id: 'getAPIVersions', tag: 'apis', text: 'get available API versions', schema: 'meta.v1.APIGroupList' }),
    discoveryAt('/version/', { id: 'getCodeVersion', tag: 'version', text: 'get the version of the server', schema: 'version.Info' }),
    ...groups.map((group) => {
      const word = groupWord(group)
      const words = { id: `get${word}APIGroup`, tag: lowerFirst(word), text: 'get information of a group' }
      return discoveryAt(`/apis/${group}/`, { ...words, schema: 'meta.v1.APIGroup' })
    }),
  ]
}

interface DiscoveryWords {
  readonly id: string
  readonly tag: string
  readonly text: string
  readonly schema: string
}

function discoveryAt(path: string, { schema, ...words }: DiscoveryWords): OperationsAtPath {
  const operation: Operation = {
    ...words, method: 'get', action: undefined, gvk: undefined, query: [], body: undefined, consumes: OBJECT_TYPES, produces: OBJECT_TYPES,
    answer: definitionName(schema), codes: [200],
  }
  return { path, places: [], kind: '', operations: [operation] }
}

function subjectOf({ kind, verbs }: ResourceDefinition): Subject {
  const group = groupWord(kind.group)
  return {
    gvk: { group: kind.group, kind: kind.kind, version: kind.version }, group: `${group}${capital(kind.version)}`,
    tag: `${lowerFirst(group)}_${kind.version}`, scope: kind.namespaced ? 'Namespaced' : '', suffix: '',
    definition: definitionName(kind.schema), list: definitionName(`${kind.schema}List`), watched: verbs.includes('watch'),
    patches: isCustom(kind.schema) ? PATCH_TYPES.filter((type) => !type.includes('strategic')) : PATCH_TYPES,
  }
}

type PathTail = readonly [tail: string, operations: readonly Operation[]]

function subresourcePaths(parent: Subject, subresource: ServedSubresource): readonly PathTail[] {
  const { name, kind, verbs } = subresource
  if (kind.kind.endsWith('Options')) return connectPaths(parent, subresource)
  const gvk = { group: kind.group, kind: kind.kind, version: kind.version }
  const definition = kind.kind === parent.gvk.kind ? parent.definition : definitionName(schemaNameOf(kind))
  const operations = verbs.map((verb) => partOperation(parent, verb, { name, gvk, definition }))
  if (name !== 'log') return [[name, operations]]
  const asText = { query: connectParameters['log'] ?? [], answer: 'string', produces: ['text/plain', ...OBJECT_TYPES] }
  return [[name, operations.map((operation) => ({ ...operation, ...asText }))]]
}

const CONNECT_METHODS: Readonly<Record<string, Operation['method']>> = {
  create: 'post', delete: 'delete', get: 'get', patch: 'patch', update: 'put',
}

/** exec, attach, portforward, proxy: the connection itself is what is asked for. */
function connectPaths(parent: Subject, { name, kind, verbs }: ServedSubresource): readonly PathTail[] {
  const withEnding = (ending: string): readonly Operation[] => verbs.map((verb) => {
    const method = CONNECT_METHODS[verb] ?? 'get'
    return {
      method, action: 'connect', tag: parent.tag, gvk: { group: kind.group, kind: kind.kind, version: kind.version },
      id: `connect${parent.group}${capital(method)}${parent.scope}${parent.gvk.kind}${capital(name)}${ending}`,
      text: `connect ${method.toUpperCase()} requests to ${name} of ${parent.gvk.kind}`,
      query: connectParameters[name] ?? [], body: undefined, consumes: ANY_TYPE, produces: ANY_TYPE, answer: 'string', codes: [200],
    }
  })
  return name === 'proxy' ? [[name, withEnding('')], [`${name}/{path}`, withEnding('WithPath')]] : [[name, withEnding('')]]
}

/** namespaces/{namespace}/pods/{name} -> namespace, name */
function placesIn(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
}

/** rbac.authorization.k8s.io -> RbacAuthorization */
function groupWord(group: string): string {
  return (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split(/[.-]/).map(capital).join('')
}

function rootOf({ kind }: ResourceDefinition): string {
  return kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
}

function lowerFirst(word: string): string {
  return word.charAt(0).toLowerCase() + word.slice(1)
}
