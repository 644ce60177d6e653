import { apiVersionOf } from '../objects/kind.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { ResourceDefinition } from '../resources/definition.ts'
import { WatchCounts } from './flow-control/watch-counts.ts'
import { internalError } from '../words/status-error.ts'
import type { CacheFeed } from './watch-cache/cache-feed.ts'
import type { View } from './watch-cache/cached-object.ts'
import type { ResourceCache } from './watch-cache/resource-cache.ts'

/** Two kinds that share one storage, and how an object of one is shown as the other: events.k8s.io/v1 and core/v1 events. */
export interface Conversion {
  readonly served: KindRef
  readonly stored: KindRef
  toStored(object: KubeObject): KubeObject
  toServed(object: KubeObject): KubeObject
}

/** A resource that is also served as another group or version, and how its objects are shown there. */
export interface Equivalent {
  readonly kind: KindRef
  toThat(object: KubeObject): KubeObject
  fromThat(object: KubeObject): KubeObject
}

/** A resource as one group and version serve it. */
export interface ServedResource {
  readonly definition: ResourceDefinition
  readonly kind: KindRef
  readonly apiVersion: string
  /** What is in the store; another kind than the served one where two kinds share a storage. */
  readonly storedKind: KindRef
  readonly cache: ResourceCache
  /** Undefined where the stored kind is the served one. */
  readonly conversion: Conversion | undefined
  readonly view: View | undefined
  /** What watches of it were told, all of them together. */
  readonly sent: { events: number }
  /** Watches of clients that follow it now. */
  readonly watches: WatchCounts
}

/** The resources that the server knows now. Kinds may come and go while it runs (custom resources). */
export class ResourceSet {
  readonly #served = new Set<ServedResource>()
  /** Nearly every plural is served once: comparing its few bearers costs less than joining a key. */
  readonly #byPlural = new Map<string, ServedResource[]>()
  #definitions: readonly ResourceDefinition[] | undefined
  readonly #feed: CacheFeed

  constructor(feed: CacheFeed) {
    this.#feed = feed
  }

  add(definition: ResourceDefinition, conversion: Conversion | undefined): void {
    const { kind } = definition
    const storedKind = conversion?.stored ?? kind
    const apiVersion = apiVersionOf(kind)
    this.remove(kind)
    const resource: ServedResource = {
      definition, kind, apiVersion, storedKind, conversion,
      cache: this.#feed.cache(storedKind),
      sent: { events: 0 },
      watches: new WatchCounts(),
      view: conversion && { name: `${apiVersion}/${kind.kind}`, toServed: (object) => conversion.toServed(object) },
    }
    this.#served.add(resource)
    this.#definitions = undefined
    this.#byPlural.set(kind.plural, [...(this.#byPlural.get(kind.plural) ?? []), resource])
  }

  remove(kind: KindRef): void {
    const resource = this.find(kind.group, kind.version, kind.plural)
    if (resource === undefined) return
    this.#served.delete(resource)
    this.#definitions = undefined
    this.#byPlural.set(kind.plural, (this.#byPlural.get(kind.plural) ?? []).filter((other) => other !== resource))
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#byPlural.get(plural)?.find(({ kind }) => kind.group === group && kind.version === version)
  }

  /** For the cluster's own parts, which only name kinds that exist. */
  of(kind: KindRef): ServedResource {
    const resource = this.find(kind.group, kind.version, kind.plural)
    if (resource === undefined) throw internalError(`${kind.plural}.${kind.group}/${kind.version} is not served`)
    return resource
  }

  /** What is served now: another array when that changes. */
  definitions(): readonly ResourceDefinition[] {
    return (this.#definitions ??= [...this.#served].map((resource) => resource.definition))
  }

  /** The same objects as other groups and versions serve them. */
  equivalents(kind: KindRef): readonly Equivalent[] {
    const own = this.find(kind.group, kind.version, kind.plural)
    if (own === undefined) return []
    const others = [...this.#served].filter((other) => other !== own && other.cache === own.cache && !other.definition.virtual)
    return others.map((other) => ({ kind: other.kind, toThat: (object) => asServed(other, asStored(own, object)), fromThat: (object) => asServed(own, asStored(other, object)) }))
  }

  all(): Iterable<ServedResource> {
    return this.#served
  }
}

function asServed(resource: ServedResource, object: KubeObject): KubeObject {
  return resource.conversion === undefined ? object : resource.conversion.toServed(object)
}

export function asStored(resource: ServedResource, object: KubeObject): KubeObject {
  return resource.conversion === undefined ? object : resource.conversion.toStored(object)
}
