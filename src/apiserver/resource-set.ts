import { apiVersionOf, listKindOf } from '../objects/kind.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { ResourceDefinition } from '../resources/definition.ts'
import { WatchCounts } from './flow-control/watch-counts.ts'
import { WatchFigures } from './metrics/watch-figures.ts'
import { internalError } from '../words/status-error.ts'
import type { CacheFeed } from './watch-cache/cache-feed.ts'
import type { CachedObject, Served, View } from './watch-cache/cached-object.ts'
import type { ResourceCache } from './watch-cache/resource-cache.ts'

/** Two kinds that share one storage, and how an object of one is shown as the other: events.k8s.io/v1 and core/v1 events. */
export interface Conversion {
  readonly served: KindRef
  readonly stored: KindRef
  toStored(object: KubeObject): KubeObject
  /** The same object where it is served as it is stored. */
  toServed(object: KubeObject): KubeObject
}

/** For versions between which only somebody outside of the server can convert: the webhook of a CustomResourceDefinition. */
export interface RemoteConversion {
  /**
   * In the order of the objects; at once where nobody has to be asked. Rejects with StatusError 500 that says what went wrong outside, and
   * with 429 where too many wait already.
   */
  show(objects: readonly CachedObject[]): readonly Served[] | Promise<readonly Served[]>
  /** As whoever converts would show it now: by an answer to a question that was asked after this call. */
  showNow(object: CachedObject): Served | Promise<Served>
  toStored(object: KubeObject): KubeObject | Promise<KubeObject>
  /** From the served version to another one: for who is to be shown it as that. */
  convert(object: KubeObject, apiVersion: string): KubeObject | Promise<KubeObject>
}

/** A resource that is also served as another group or version, and how its objects are shown there: at once where the server itself knows. */
export interface Equivalent {
  readonly kind: KindRef
  toThat(object: KubeObject): KubeObject | Promise<KubeObject>
  fromThat(object: KubeObject): KubeObject | Promise<KubeObject>
}

/** Who shows the objects of a kind for longer than one answer. */
export interface Follower {
  retired(): void
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
  /** Where it is there, it is to be asked instead of the conversion and the view: these cannot show objects of other versions. */
  readonly remote: RemoteConversion | undefined
  /** Told once, when objects of the kind are shown no more, or otherwise. Who stops listening earlier takes himself off. */
  readonly followers: Set<Follower>
  /** What watches of it were told, all of them together. */
  readonly sent: WatchFigures
  /** Watches of clients that follow it now. */
  readonly watches: WatchCounts
}

/** What a list of the resource's objects says of itself. */
export function listTypeOf({ kind, apiVersion }: ServedResource): { readonly kind: string; readonly apiVersion: string } {
  return { kind: listKindOf(kind), apiVersion }
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

  add(
    definition: ResourceDefinition, conversion: Conversion | undefined,
    more: { readonly viewId?: string; readonly remote?: RemoteConversion | undefined } = {},
  ): void {
    const { kind } = definition
    const storedKind = conversion?.stored ?? kind
    const apiVersion = apiVersionOf(kind)
    const before = this.find(kind.group, kind.version, kind.plural)
    const name = `${apiVersion}/${kind.kind}`
    const view = conversion && { name, id: more.viewId ?? name, toServed: (object: KubeObject) => conversion.toServed(object) }
    // Where objects are shown as before, those who watch them hear nothing of the change.
    const isSameView = before !== undefined && before.view?.id === view?.id
    const resource: ServedResource = {
      definition, kind, apiVersion, storedKind, conversion, remote: more.remote,
      cache: this.#feed.cache(storedKind),
      sent: before?.sent ?? new WatchFigures(),
      watches: before?.watches ?? new WatchCounts(),
      view, followers: isSameView ? before.followers : new Set(),
    }
    if (isSameView) this.#takeOff(before)
    else this.remove(kind)
    this.#served.add(resource)
    this.#definitions = undefined
    this.#byPlural.set(kind.plural, [...(this.#byPlural.get(kind.plural) ?? []), resource])
  }

  remove(kind: KindRef): void {
    const resource = this.find(kind.group, kind.version, kind.plural)
    if (resource === undefined) return
    this.#takeOff(resource)
    for (const follower of [...resource.followers]) follower.retired()
  }

  #takeOff(resource: ServedResource): void {
    const { plural } = resource.kind
    this.#served.delete(resource)
    this.#definitions = undefined
    this.#byPlural.set(plural, (this.#byPlural.get(plural) ?? []).filter((other) => other !== resource))
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
    return others.map((other) => ({
      kind: other.kind,
      toThat: (object) => converted(own, other, object),
      fromThat: (object) => converted(other, own, object),
    }))
  }

  all(): Iterable<ServedResource> {
    return this.#served
  }
}

function converted(from: ServedResource, to: ServedResource, object: KubeObject): KubeObject | Promise<KubeObject> {
  // The body of a subresource is the same in all versions of its parent: a Scale.
  if (object.kind !== from.kind.kind) return object
  return from.remote === undefined ? asServed(to, asStored(from, object)) : from.remote.convert(object, to.apiVersion)
}

function asServed(resource: ServedResource, object: KubeObject): KubeObject {
  return resource.conversion === undefined ? object : resource.conversion.toServed(object)
}

export function asStored(resource: ServedResource, object: KubeObject): KubeObject {
  return resource.conversion === undefined ? object : resource.conversion.toStored(object)
}
