import type { Client } from '../client/client.ts'
import { Informer } from '../client/informer.ts'
import { keyText } from '../objects/kube-object.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { EndpointSlice, Service } from '../resources/generated/types.ts'
import type { Clock, Log, Random } from '../words/ports.ts'
import { DnsZone } from './dns-zone.ts'

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'

export interface DnsDirectoryParts {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Keeps the zone equal to the Services and EndpointSlices. Before it is ready, the cluster's names are unknown, not absent. */
export class DnsDirectory {
  readonly zone = new DnsZone()
  readonly #services: Informer<Service>
  readonly #slices: Informer<EndpointSlice>
  readonly #slicesOf = new Map<string, Map<string, EndpointSlice>>()

  constructor(parts: DnsDirectoryParts) {
    this.#services = new Informer(kinds.Service, parts)
    this.#slices = new Informer(kinds.EndpointSlice, parts)
  }

  get isReady(): boolean {
    return this.#services.synced && this.#slices.synced
  }

  whenReady(): Promise<unknown> {
    return Promise.all([this.#services.whenSynced(), this.#slices.whenSynced()])
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#services.cache.listen(({ object, previous }) => {
      if (object !== undefined) this.#refresh(object.metadata.namespace ?? '', object.metadata.name ?? '')
      else this.zone.remove(previous?.metadata.namespace ?? '', previous?.metadata.name ?? '')
    })
    this.#slices.cache.listen(({ object, previous }) => {
      if (previous !== undefined) this.#setSlice(previous, undefined)
      if (object !== undefined) this.#setSlice(object, object)
    })
    await Promise.all([this.#services.run(signal), this.#slices.run(signal)])
  }

  #setSlice(slice: EndpointSlice, current: EndpointSlice | undefined): void {
    const namespace = slice.metadata.namespace ?? ''
    const name = slice.metadata.labels?.[SERVICE_NAME_LABEL]
    if (name === undefined) return
    const key = keyText({ namespace, name })
    const slices = this.#slicesOf.get(key) ?? new Map<string, EndpointSlice>()
    if (current === undefined) slices.delete(slice.metadata.name ?? '')
    else slices.set(slice.metadata.name ?? '', current)
    if (slices.size === 0) this.#slicesOf.delete(key)
    else this.#slicesOf.set(key, slices)
    this.#refresh(namespace, name)
  }

  #refresh(namespace: string, name: string): void {
    const service = this.#services.cache.get({ namespace, name })
    if (service === undefined) return
    this.zone.set(service, [...(this.#slicesOf.get(keyText({ namespace, name }))?.values() ?? [])])
  }
}
