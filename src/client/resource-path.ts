import type { KindRef } from '../objects/kind.ts'
import type { DeleteOptions, ListOptions, UpdateOptions, WatchOptions, WriteOptions } from './client.ts'

/** /apis/apps/v1/namespaces/default/deployments/web/status: where a resource, an object or a subresource is served. */
export interface Place {
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
}

/** /apis/apps/v1/namespaces/default/deployments/web/status. Without a name: the collection; without a namespace: all of them. */
export function resourcePath(kind: KindRef, place: Place): string {
  const { namespace = '', name = '', subresource = '' } = place
  const segments = kind.group === '' ? ['api', kind.version] : ['apis', kind.group, kind.version]
  if (kind.namespaced && namespace !== '') segments.push('namespaces', namespace)
  segments.push(kind.plural)
  if (name !== '') segments.push(name)
  if (subresource !== '') segments.push(...subresource.split('/'))
  return `/${segments.map(encodeURIComponent).join('/')}`
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** Leaves out what is undefined and what is empty. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text === '' ? path : `${path}?${text}`
}

export function listQuery(options: ListOptions): Query {
  return {
    labelSelector: options.labelSelector, fieldSelector: options.fieldSelector, limit: options.limit,
    continue: options.continueToken, resourceVersion: options.resourceVersion,
  }
}

/** Bookmarks are always asked for: they keep the revision to resume from fresh. sendInitialEvents demands a resourceVersionMatch. */
export function watchQuery(options: WatchOptions): Query {
  const initial = options.sendInitialEvents === true ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' } : {}
  return {
    watch: true, allowWatchBookmarks: true, labelSelector: options.labelSelector, fieldSelector: options.fieldSelector,
    resourceVersion: options.resourceVersion, ...initial,
  }
}

export function writeQuery(options: WriteOptions): Query {
  return {
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
    dryRun: options.dryRun === true ? 'All' : undefined,
  }
}

export function placeOf(key: { readonly namespace: string; readonly name: string }, options: UpdateOptions): Place {
  return { ...key, ...(options.subresource === undefined ? {} : { subresource: options.subresource }) }
}

/** metav1.DeleteOptions as the request's body. */
export function deleteBody(options: DeleteOptions): object {
  const { uid, resourceVersion, gracePeriodSeconds, propagationPolicy, dryRun } = options
  const preconditions = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) }
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(dryRun === true ? { dryRun: ['All'] } : {}),
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
  }
}
