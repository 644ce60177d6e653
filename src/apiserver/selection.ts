import { matchesFields, parseFieldSelector, requiredValue } from '../objects/field-selector.ts'
import type { FieldSelector } from '../objects/field-selector.ts'
import { matchesLabels, parseLabelSelector } from '../objects/label-selector.ts'
import type { LabelSelector } from '../objects/label-selector.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { badRequest } from '../words/status-error.ts'
import { objectKeyText } from './storage/keys.ts'
import type { ServedResource } from './resource-set.ts'
import { CachedObject } from './watch-cache/cached-object.ts'
import type { Served } from './watch-cache/cached-object.ts'
import type { Trigger } from './watch-cache/resource-cache.ts'
import { matchesAll } from './watch-cache/cache-event.ts'
import type { Matcher } from './watch-cache/cache-event.ts'

/** Which objects of a resource a list, watch or deletecollection is about. */
export interface Selection {
  readonly namespace: string
  /** A resource's or namespace's prefix, or one object's key where the selector demands a name. */
  readonly scope: string
  readonly matches: Matcher
  /** For watches: a field and the one value of it that the selection demands. */
  readonly trigger: Trigger | undefined
}

export function parseSelection(
  resource: ServedResource, namespace: string,
  selectors: { readonly labelSelector: string; readonly fieldSelector: string; readonly name?: string },
): Selection {
  const labels = parseLabelSelector(selectors.labelSelector)
  const fields = named(parseFieldSelector(selectors.fieldSelector), selectors.name)
  for (const term of fields) checkField(resource, term.field)
  const name = requiredValue(fields, 'metadata.name')
  const inOne = namespace !== '' || !resource.kind.namespaced
  const scope = name !== undefined && name !== '' && inOne
    ? objectKeyText(resource.cache.prefix, { namespace, name })
    : resource.cache.scope(namespace)
  return { namespace, scope, matches: matcherOf(resource, labels, fields), trigger: triggerOf(resource, fields) }
}

/** The old paths of watches say a name: a selector must demand the same one. */
function named(fields: FieldSelector, name: string | undefined): FieldSelector {
  if (name === undefined || name === '') return fields
  if (fields.length > 0 && requiredValue(fields, 'metadata.name') !== name) {
    throw badRequest("fieldSelector metadata.name doesn't match requested name")
  }
  return [...fields, { field: 'metadata.name', equal: true, value: name }]
}

function matcherOf(resource: ServedResource, labels: LabelSelector, fields: FieldSelector): Matcher {
  const everyLabel = labels !== 'nothing' && labels.requirements.length === 0
  if (everyLabel && fields.length === 0) return matchesAll
  const needsServed = resource.conversion !== undefined && fields.some((term) => !term.field.startsWith('metadata.'))
  return (matched) => {
    const { object } = matched
    if (!everyLabel && !matchesLabels(labels, object.metadata.labels)) return false
    if (fields.length === 0) return true
    const seen = needsServed ? asSeen(resource, matched) : object
    return matchesFields(fields, (field) => fieldOf(resource, seen, field))
  }
}

/** An object of the cache as the resource shows it; what is shown already is no such object. */
function asSeen(resource: ServedResource, matched: Served): KubeObject {
  return matched instanceof CachedObject ? matched.seen(resource.view).object : matched.object
}

function triggerOf(resource: ServedResource, fields: FieldSelector): Trigger | undefined {
  const term = fields.find(({ equal, field }) => equal && !field.startsWith('metadata.'))
  // Caches hold objects of the stored kind, whose fields may have other names.
  if (term === undefined || resource.kind !== resource.storedKind || resource.remote !== undefined) return undefined
  return { field: term.field, value: term.value, of: (object) => fieldOf(resource, asSeen(resource, object), term.field) }
}

function fieldOf(resource: ServedResource, object: KubeObject, field: string): string {
  if (field === 'metadata.name') return object.metadata.name ?? ''
  if (field === 'metadata.namespace') return object.metadata.namespace ?? ''
  return resource.definition.selectableFields[field]?.(object) ?? ''
}

function checkField({ definition, kind }: ServedResource, field: string): void {
  if (field === 'metadata.name' || field === 'metadata.namespace' || Object.hasOwn(definition.selectableFields, field)) return
  throw badRequest(unknownField(definition, kind, field))
}

/** Upstream has words for kinds without fields of their own, for those with some, for custom ones, and for one. */
function unknownField(
  { form, selectableFields }: ServedResource['definition'], { kind, group }: ServedResource['kind'], field: string,
): string {
  if (group === 'batch' && kind === 'Job') return `field label ${JSON.stringify(field)} not supported for batchv1.Job`
  const hasOwn = form !== undefined || Object.keys(selectableFields).length > 0
  return hasOwn
    ? `field label not supported: ${field}`
    : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
}
