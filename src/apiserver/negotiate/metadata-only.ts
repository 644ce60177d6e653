import type { KubeObject } from '../../objects/kube-object.ts'
import { notAcceptable } from '../../words/status-error.ts'
import type { ServedResource } from '../resource-set.ts'
import type { Accepted } from './accept.ts'

type Typed = Pick<KubeObject, 'apiVersion' | 'kind'>

/** A list cannot be shown as the metadata of one object. That is found when it is there: another form that is accepted too is not tried. */
export function requireListForm({ as }: Accepted, { definition }: ServedResource, list: Typed): void {
  if (as !== 'partial') return
  const type = definition.form === undefined ? builtInType(list) : '*unstructured.UnstructuredList'
  throw notAcceptable(`you requested PartialObjectMetadata, but the requested object is a list (${type})`)
}

/** Nor can one object be shown as a list of metadata. */
export function requireObjectForm({ as }: Accepted, { definition }: ServedResource, object: Typed): void {
  if (as !== 'partial-list') return
  const type = definition.form === undefined ? builtInType(object) : '*unstructured.Unstructured'
  throw notAcceptable(`you requested PartialObjectMetadataList, but the requested object is not a list (${type})`)
}

/**
 * As clients are told it by upstream, in words of its own types: its groups are packages, and events of both groups are those of core.
 *   apps/v1 Deployment -> *apps.Deployment
 */
function builtInType({ apiVersion, kind }: Typed): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/', 1)[0] ?? '' : ''
  return `*${group === '' || group === 'events.k8s.io' ? 'core' : group.split('.', 1)[0] ?? ''}.${kind}`
}
