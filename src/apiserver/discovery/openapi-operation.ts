import { definitionName, patchName } from './openapi-names.ts'
import { deleteCollectionParameters, deleteParameters, listParameters, patchParameters, writeParameters } from './openapi-parameters.ts'
import type { GroupVersionKind } from './openapi-schema.ts'

/** What one method does at one path, in no particular version of OpenAPI. */
export interface Operation {
  readonly method: 'delete' | 'get' | 'patch' | 'post' | 'put'
  /** What discovery answers has neither action nor kind. */
  readonly action: string | undefined
  /** listCoreV1NamespacedPod: client generators make their method names of it. */
  readonly id: string
  readonly tag: string
  readonly text: string
  readonly gvk: GroupVersionKind | undefined
  readonly query: readonly string[]
  readonly body: { readonly definition: string; readonly required: boolean } | undefined
  readonly consumes: readonly string[]
  readonly produces: readonly string[]
  /** The name of a definition, or 'string' for what is no object. */
  readonly answer: string
  readonly codes: readonly number[]
}

/** Whom operations are about, and the parts of their ids: VERB CoreV1 Namespaced Pod Status. */
export interface Subject {
  readonly gvk: GroupVersionKind
  /** CoreV1 */
  readonly group: string
  readonly tag: string
  readonly scope: string
  readonly suffix: string
  readonly definition: string
  readonly list: string
  readonly watched: boolean
  /** A custom resource has no strategic merge. */
  readonly patches: readonly string[]
}

export const OBJECT_TYPES: readonly string[] = ['application/json', 'application/yaml']
export const ANY_TYPE: readonly string[] = ['*/*']
const STREAM_TYPES: readonly string[] = [...OBJECT_TYPES, 'application/json;stream=watch']
export const PATCH_TYPES: readonly string[] = [
  'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml',
]
const STATUS = definitionName('meta.v1.Status')
const WATCH_EVENT = definitionName('meta.v1.WatchEvent')
const DELETE_BODY = { definition: definitionName('meta.v1.DeleteOptions'), required: false }
const PATCH_BODY = { definition: patchName, required: true }

/** Where a deletion answers with the object instead of a Status. */
const SHOWN_WHEN_DELETED: ReadonlySet<string> = new Set([
  'PersistentVolume', 'PersistentVolumeClaim', 'Pod', 'PodTemplate', 'ResourceQuota', 'Service', 'ServiceAccount', 'CSIDriver', 'CSINode',
  'StorageClass', 'VolumeAttachment', 'DeviceClass', 'ResourceClaim', 'ResourceClaimTemplate', 'ResourceSlice',
])

/** What differs from verb to verb. */
interface Shape extends Pick<Operation, 'method' | 'text' | 'query' | 'body' | 'answer' | 'codes'> {
  readonly action: string
  /** The first word of the id. */
  readonly idVerb: string
}

/** A verb on the object itself, or on a list of them. */
export function plainOperation(subject: Subject, verb: string): Operation {
  const { kind } = subject.gvk
  return operation(subject, shapeOf(verb, subject, kind), `${kind}${subject.suffix}`)
}

/** A verb on a part of the object that has a kind of its own, or the object's. */
export function partOperation(
  parent: Subject, verb: string, part: Pick<Subject, 'gvk' | 'definition'> & { readonly name: string },
): Operation {
  const { kind } = parent.gvk
  const on = `${part.name} of ${verb === 'create' ? withArticle(kind) : kind}`
  return { ...operation(parent, shapeOf(verb, { ...parent, ...part }, on), `${kind}${capital(part.name)}`), gvk: part.gvk }
}

/** The older way to watch, by path. */
export function watchOperation(subject: Subject, action: 'watch' | 'watchlist'): Operation {
  const { kind } = subject.gvk
  const changes = action === 'watch' ? `changes to an object of kind ${kind}` : `individual changes to a list of ${kind}`
  const text = `watch ${changes}. deprecated: list with the parameter watch instead`
  const shape: Shape = {
    method: 'get', action, idVerb: 'watch', text, query: listParameters, body: undefined, answer: WATCH_EVENT, codes: [200],
  }
  return { ...operation(subject, shape, `${kind}${action === 'watch' ? '' : 'List'}${subject.suffix}`), produces: STREAM_TYPES }
}

/** on is what the operation acts upon, in words: Pod, status of Pod. */
function shapeOf(verb: string, { definition, list, watched, gvk }: Subject, on: string): Shape {
  const whole = { required: true, definition }
  const shape = { body: undefined, answer: definition, action: verb, idVerb: verb }
  switch (verb) {
    case 'list': {
      const text = `list${watched ? ' or watch' : ''} objects of kind ${gvk.kind}`
      return { ...shape, method: 'get', text, query: listParameters, answer: list, codes: [200] }
    }
    case 'create': {
      const text = `create ${on === gvk.kind ? withArticle(on) : on}`
      return { ...shape, method: 'post', action: 'post', text, query: writeParameters, body: whole, codes: [200, 201, 202] }
    }
    case 'update': {
      const text = `replace ${specified(on)}`
      return { ...shape, method: 'put', action: 'put', idVerb: 'replace', text, query: writeParameters, body: whole, codes: [200, 201] }
    }
    case 'patch':
      return {
        ...shape, method: 'patch', text: `partially update ${specified(on)}`,
        query: patchParameters, body: PATCH_BODY, codes: [200, 201],
      }
    case 'delete': {
      const answer = SHOWN_WHEN_DELETED.has(gvk.kind) ? definition : STATUS
      return {
        ...shape, method: 'delete', text: `delete ${withArticle(on)}`,
        query: deleteParameters, body: DELETE_BODY, answer, codes: [200, 202],
      }
    }
    case 'deletecollection': {
      const text = `delete collection of ${gvk.kind}`
      return {
        ...shape, method: 'delete', idVerb: 'delete', text,
        query: deleteCollectionParameters, body: DELETE_BODY, answer: STATUS, codes: [200],
      }
    }
    default: return { ...shape, method: 'get', action: 'get', idVerb: 'read', text: `read ${specified(on)}`, query: [], codes: [200] }
  }
}

function operation(subject: Subject, shape: Shape, object: string): Operation {
  const { idVerb, ...rest } = shape
  const collection = shape.action === 'deletecollection' ? 'Collection' : ''
  return {
    ...rest, id: `${idVerb}${subject.group}${collection}${subject.scope}${object}`, tag: subject.tag, gvk: subject.gvk,
    query: [...shape.query, 'pretty'],
    consumes: shape.method === 'patch' ? subject.patches : ANY_TYPE, produces: shape.action === 'list' ? STREAM_TYPES : OBJECT_TYPES,
  }
}

/** Pod -> the specified Pod; status of Pod -> status of the specified Pod. */
function specified(on: string): string {
  return on.replace(/\w+$/, (kind) => `the specified ${kind}`)
}

/** Pod -> a Pod, Event -> an Event, Endpoints -> Endpoints. */
function withArticle(kind: string): string {
  if (/[^s]s$/.test(kind)) return kind
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`
}

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
