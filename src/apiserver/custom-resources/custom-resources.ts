import { isConditionTrue } from '../../objects/conditions.ts'
import { sameJson } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../resources/generated/types.ts'
import type { ResourceSet } from '../resource-set.ts'
import type { CacheFeed } from '../watch-cache/cache-feed.ts'
import type { CachedObject } from '../watch-cache/cached-object.ts'
import type { ResourceCache } from '../watch-cache/resource-cache.ts'
import { ConversionWebhook } from './conversion-webhook.ts'
import type { ConversionParts } from './conversion-webhook.ts'
import { customDefinition, customKind } from './custom-definition.ts'
import { hasVanished, refusingConversion } from './vanished-versions.ts'
import { plainConversion, VersionForms } from './version-forms.ts'
import { waitlessConversion, WebhookConversion } from './webhook-conversion.ts'

interface Parts {
  readonly feed: CacheFeed
  readonly resources: ResourceSet
  readonly schemas: SchemaLookup
  readonly conversion: ConversionParts
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
    return [...this.#stored(crd)].map((cached) => cached.object)
  }

  #stored(crd: CustomResourceDefinition): Iterable<CachedObject> {
    const cache = this.#parts.feed.cache(customKind(crd, ''))
    return cache.range(cache.scope(''))
  }

  #serveAll(): void {
    const names = [...this.#definitions.range(this.#definitions.scope(''))].map(
      (cached) => cached.key.slice(this.#definitions.prefix.length),
    )
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
    const served = isServed ? this.#add(crd) : []
    const { resources } = this.#parts
    for (const kind of before?.kinds ?? []) {
      if (!served.some((now) => now.group === kind.group && now.version === kind.version && now.plural === kind.plural)) {
        resources.remove(kind)
      }
    }
    if (isServed) this.#served.set(name, { crd, kinds: served })
    else this.#served.delete(name)
  }

  #add(crd: CustomResourceDefinition): readonly KindRef[] {
    const { resources, schemas } = this.#parts
    const forms = new VersionForms(crd)
    const webhook = crd.spec.conversion?.strategy === 'Webhook' ? new ConversionWebhook(this.#parts.conversion, crd) : undefined
    const viewId = `${crd.metadata.uid} ${crd.metadata.generation}`
    // The stored version last: whoever of the cluster's own parts takes one of several versions takes that, and needs no conversion.
    const versions = servedVersions(crd).toSorted((a, b) => Number(a.storage) - Number(b.storage))
    const refuses = webhook === undefined && hasVanished(forms, this.#stored(crd))
    return versions.map((version) => {
      const definition = customDefinition(crd, version, forms.schema({ group: crd.spec.group, version: version.name }), schemas)
      const served = definition.kind
      const stored = version.storage ? served : storedKind(crd)
      if (webhook === undefined) {
        const conversion = plainConversion(forms, served, stored)
        resources.add(definition, conversion, { viewId, remote: refuses ? refusingConversion(forms, conversion) : undefined })
      } else {
        const remote = new WebhookConversion({ webhook, forms, served, stored, clock: this.#parts.conversion.clock })
        resources.add(definition, waitlessConversion(forms, served, stored), { viewId, remote })
      }
      return served
    })
  }
}

/** While a definition goes its objects must be within reach, also where it serves no version any more. */
function servedVersions({ spec, metadata }: CustomResourceDefinition): readonly CustomResourceDefinitionVersion[] {
  const served = spec.versions.filter((version) => version.served)
  return served.length === 0 && metadata.deletionTimestamp !== undefined ? spec.versions.filter((version) => version.storage) : served
}

/** Whether two states of a definition say the same of what is served. Names and schemas change its generation; a deletion does not. */
function sameKinds(a: CustomResourceDefinition, b: CustomResourceDefinition): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.generation === b.metadata.generation
    && sameJson(a.status?.acceptedNames, b.status?.acceptedNames) && a.metadata.deletionTimestamp === b.metadata.deletionTimestamp
}

/** What objects are written as. */
function storedKind(crd: CustomResourceDefinition): KindRef {
  return customKind(crd, crd.spec.versions.find((version) => version.storage)?.name ?? '')
}
