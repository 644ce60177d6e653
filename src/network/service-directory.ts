import { Informer, type InformerParts } from '../client/informer.ts'
import { keyOf, keyText, type ObjectKey } from '../objects/kube-object.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { EndpointSlice, Service } from '../resources/generated/types.ts'

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'

/** A Service with all of its EndpointSlices. */
export interface ServiceWithSlices {
  readonly service: Service
  readonly slices: readonly EndpointSlice[]
}

/** The Services and their EndpointSlices as the API has them: one pair of watches for all on a node who need them. */
export class ServiceDirectory {
  readonly #services: Informer<Service>
  readonly #slices: Informer<EndpointSlice>
  /** By the key of their Service. */
  readonly #slicesOf = new Map<string, Map<string, EndpointSlice>>()
  readonly #listeners = new Set<(key: ObjectKey) => void>()

  constructor(parts: InformerParts) {
    this.#services = new Informer(kinds.Service, parts)
    this.#slices = new Informer(kinds.EndpointSlice, parts)
    this.#services.cache.listen(({ object, previous }) => {
      const service = object ?? previous
      if (service !== undefined) this.#tell(keyOf(service))
    })
    this.#slices.cache.listen(({ object, previous }) => {
      if (previous !== undefined) this.#place(previous, 'gone')
      if (object !== undefined) this.#place(object, 'there')
    })
  }

  get synced(): boolean {
    return this.#services.synced && this.#slices.synced
  }

  whenSynced(): Promise<unknown> {
    return Promise.all([this.#services.whenSynced(), this.#slices.whenSynced()])
  }

  get(key: ObjectKey): ServiceWithSlices | undefined {
    const service = this.#services.cache.get(key)
    return service === undefined ? undefined : { service, slices: [...(this.#slicesOf.get(keyText(key))?.values() ?? [])] }
  }

  keys(): readonly ObjectKey[] {
    return this.#services.cache.list().map(keyOf)
  }

  /** Told of each Service that came, changed or went, or whose slices did. */
  listen(listener: (key: ObjectKey) => void): void {
    this.#listeners.add(listener)
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#services.run(signal), this.#slices.run(signal)])
  }

  #place(slice: EndpointSlice, now: 'there' | 'gone'): void {
    const name = slice.metadata.labels?.[SERVICE_NAME_LABEL]
    if (name === undefined) return
    const key = { namespace: slice.metadata.namespace ?? '', name }
    const slices = this.#slicesOf.get(keyText(key)) ?? new Map<string, EndpointSlice>()
    if (now === 'there') slices.set(slice.metadata.name ?? '', slice)
    else slices.delete(slice.metadata.name ?? '')
    if (slices.size === 0) this.#slicesOf.delete(keyText(key))
    else this.#slicesOf.set(keyText(key), slices)
    this.#tell(key)
  }

  #tell(key: ObjectKey): void {
    for (const listener of this.#listeners) listener(key)
  }
}
