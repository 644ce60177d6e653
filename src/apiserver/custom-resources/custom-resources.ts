import { isConditionTrue } from '../../objects/conditions.ts'
import type { KindRef } from '../../objects/kind.ts'
import { apiVersionOf } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../resources/generated/types.ts'
import type { Conversion, ResourceSet } from '../resource-set.ts'
import type { CacheFeed } from '../watch-cache/cache-feed.ts'
import type { ResourceCache } from '../watch-cache/resource-cache.ts'
import { customDefinition, customKind } from './custom-definition.ts'

interface Parts {
  readonly feed: CacheFeed
  readonly resources: ResourceSet
  readonly schemas: SchemaLookup
  /** Called with the name of every definition that there is, and of each that changes from then on. */
  readonly onChange: (name: string) => void
}

interface Served {
  /** As it was when its kinds were made. */
  readonly crd: CustomResourceDefinition
  readonly kinds: readonly KindRef[]
}

/**
 * Serves what the CustomResourceDefinitions say, as soon as they are established and until they are gone. It follows their cache
 * synchronously: whoever was told of a definition's write finds its kinds served.
 */
export class CustomResources {
  readonly #parts: Parts
  readonly #definitions: ResourceCache
  readonly #served = new Map<string, Served>()
  readonly #changed = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#definitions = parts.feed.cache(kinds.CustomResourceDefinition)
  }

  /** The caches are filled: serves what is there, and follows. */
  start(): void {
    this.#serveAll()
    const follow = (): void => {
      this.#definitions.watch(this.#definitions.scope(''), {
        offer: (event) => void this.#changed.add(event.key.slice(this.#definitions.prefix.length)),
        flush: () => this.#takeChanges(),
        lost: () => {
          follow()
          // The cache is filled in the same synchronous step that has emptied it; its next change may be far away.
          queueMicrotask(() => this.#serveAll())
        },
      }, undefined)
    }
    follow()
  }

  definition(name: string): CustomResourceDefinition | undefined {
    return this.#definitions.get({ namespace: '', name })?.object as CustomResourceDefinition | undefined
  }

  /** All definitions of a group but this one. */
  neighbours(crd: CustomResourceDefinition): readonly CustomResourceDefinition[] {
    const all = [...this.#definitions.range(this.#definitions.scope(''))].map((cached) => cached.object as CustomResourceDefinition)
    return all.filter((other) => other.spec.group === crd.spec.group && other.metadata.name !== crd.metadata.name)
  }

  /** The objects that a definition has, in any version. */
  instances(crd: CustomResourceDefinition): readonly KubeObject[] {
    const cache = this.#parts.feed.cache(customKind(crd, ''))
    return [...cache.range(cache.scope(''))].map((cached) => cached.object)
  }

  #serveAll(): void {
    const names = [...this.#definitions.range(this.#definitions.scope(''))].map((cached) => cached.key.slice(this.#definitions.prefix.length))
    for (const name of new Set([...this.#served.keys(), ...names])) this.#changed.add(name)
    this.#takeChanges()
  }

  #takeChanges(): void {
    const names = [...this.#changed]
    this.#changed.clear()
    for (const name of names) {
      this.#serve(name, this.definition(name))
      this.#parts.onChange(name)
    }
  }

  #serve(name: string, crd: CustomResourceDefinition | undefined): void {
    const before = this.#served.get(name)
    const isServed = crd !== undefined && isConditionTrue(crd.status?.conditions, 'Established')
    if (before !== undefined && isServed && sameKinds(before.crd, crd)) return
    const { resources, schemas } = this.#parts
    for (const kind of before?.kinds ?? []) resources.remove(kind)
    this.#served.delete(name)
    if (!isServed) return
    const stored = customKind(crd, crd.spec.versions.find((version) => version.storage)?.name ?? '')
    const served = servedVersions(crd).map((version) => {
      const definition = customDefinition(crd, version, schemas)
      resources.add(definition, conversion(definition.kind, stored))
      return definition.kind
    })
    this.#served.set(name, { crd, kinds: served })
  }
}

/** While a definition goes its objects must be within reach, also where it serves no version any more. */
function servedVersions({ spec, metadata }: CustomResourceDefinition): readonly CustomResourceDefinitionVersion[] {
  const served = spec.versions.filter((version) => version.served)
  return served.length === 0 && metadata.deletionTimestamp !== undefined ? spec.versions.filter((version) => version.storage) : served
}

/** Whether two states of a definition say the same of what is served. Names and schemas change its generation; a deletion does not. */
function sameKinds(a: CustomResourceDefinition, b: CustomResourceDefinition): boolean {
  return a.metadata.uid === b.metadata.uid && a.spec === b.spec && a.status?.acceptedNames === b.status?.acceptedNames
    && a.metadata.deletionTimestamp === b.metadata.deletionTimestamp
}

/** Strategy None: the versions differ in nothing but their name. */
function conversion(served: KindRef, stored: KindRef): Conversion | undefined {
  if (served.version === stored.version) return undefined
  const as = (kind: KindRef) => (object: KubeObject): KubeObject => ({ ...object, apiVersion: apiVersionOf(kind) })
  return { served, stored, toStored: as(stored), toServed: as(served) }
}
