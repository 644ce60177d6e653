import type { Client } from '../client/client.ts'
import { Informer } from '../client/informer.ts'
import { keyOf, keyText, type ObjectKey } from '../objects/kube-object.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { EndpointSlice, Service } from '../resources/generated/types.ts'
import { sleep, type Clock, type Log, type Random } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { ElementLedger } from './element-ledger.ts'
import { changeScript, createTableScript, type TableConfig } from './nft-table.ts'
import { localDnsElements, serviceElements, type Elements, type LocalDns } from './service-elements.ts'
import { serviceRoute } from './service-endpoints.ts'

/** Applies an nft script as one transaction. Throws with nft's own words. */
export interface RuleApplier {
  apply(script: string): Promise<void>
  /** Ends what the kernel remembers of UDP flows to backends that are gone: UDP has no connection that would break. */
  forgetUdpFlows(addresses: readonly string[]): Promise<void>
}

export interface ServiceProxyParts extends TableConfig {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly applier: RuleApplier
  readonly nodeName: string
  readonly localDns: LocalDns
}

/** Owner of the local DNS elements in the ledger; no Service has such a key. */
const LOCAL_DNS = '(dns)'
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
const RETRY_MS = 1_000
/** Changes that come together are applied together; alone, one waits no longer than this. */
const GATHER_MS = 5

/** Keeps the node's service rules equal to the Services and EndpointSlices. */
export class ServiceProxy {
  readonly #parts: ServiceProxyParts
  readonly #services: Informer<Service>
  readonly #slices: Informer<EndpointSlice>
  /** Slices by the key of their Service. */
  readonly #slicesOf = new Map<string, Map<string, EndpointSlice>>()
  /** What the kernel has, or gets with the script that is being applied. */
  readonly #ledger = new ElementLedger()
  readonly #dirty = new Set<string>()
  readonly #ready: Promise<void>
  #tellReady: () => void = () => {}
  #wake: () => void = () => {}

  constructor(parts: ServiceProxyParts) {
    this.#parts = parts
    this.#services = new Informer(kinds.Service, parts)
    this.#slices = new Informer(kinds.EndpointSlice, parts)
    this.#ready = new Promise((resolve) => {
      this.#tellReady = resolve
    })
  }

  /** Resolves when all Services that there were at the start work. */
  whenReady(): Promise<void> {
    return this.#ready
  }

  /** Runs until the signal aborts. The rules stay: connections go on while the agent is restarted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#services.cache.listen(({ object, previous }) => this.#touch(object ?? previous))
    this.#slices.cache.listen(({ object, previous }) => this.#onSlice(object, previous))
    void this.#services.run(signal)
    void this.#slices.run(signal)
    await Promise.all([this.#services.whenSynced(), this.#slices.whenSynced()])
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    let fresh = true
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      try {
        if (fresh) await this.#applyAll()
        else await this.#applyDirty()
        fresh = false
        this.#tellReady()
      } catch (error) {
        // The kernel's state is unknown now (somebody may have removed the table): begin again with all of it.
        fresh = true
        this.#parts.log.error('the service rules could not be applied and are built anew', { error: thrownMessage(error) })
        await sleep(this.#parts.clock, RETRY_MS, signal)
        continue
      }
      if (this.#dirty.size === 0) await woken
      await sleep(this.#parts.clock, GATHER_MS, signal)
    }
  }

  #onSlice(slice: EndpointSlice | undefined, previous: EndpointSlice | undefined): void {
    for (const [each, present] of [[previous, false], [slice, true]] as const) {
      const name = each?.metadata.labels?.[SERVICE_NAME_LABEL]
      if (each === undefined || name === undefined) continue
      const service = keyText({ namespace: each.metadata.namespace ?? '', name })
      const slices = this.#slicesOf.get(service) ?? new Map<string, EndpointSlice>()
      this.#slicesOf.set(service, slices)
      if (present) slices.set(each.metadata.name ?? '', each)
      else slices.delete(each.metadata.name ?? '')
      if (slices.size === 0) this.#slicesOf.delete(service)
      this.#dirty.add(service)
    }
    this.#wake()
  }

  #touch(service: Service | undefined): void {
    if (service === undefined) return
    this.#dirty.add(keyText(keyOf(service)))
    this.#wake()
  }

  async #applyAll(): Promise<void> {
    const { applier, table, localDns } = this.#parts
    this.#dirty.clear()
    this.#ledger.clear()
    const scripts = [changeScript(table, this.#ledger.set(LOCAL_DNS, localDnsElements(localDns)))]
    for (const service of this.#services.cache.list()) {
      scripts.push(changeScript(table, this.#ledger.set(keyText(keyOf(service)), this.#elementsOf(keyOf(service)))))
    }
    await applier.apply(createTableScript(this.#parts) + scripts.join(''))
  }

  async #applyDirty(): Promise<void> {
    const { applier, table } = this.#parts
    const keys = [...this.#dirty]
    this.#dirty.clear()
    const scripts: string[] = []
    const gone = new Set<string>()
    for (const key of keys) {
      const [namespace = '', name = ''] = key.split('/')
      const changes = this.#ledger.set(key, this.#elementsOf({ namespace, name }))
      scripts.push(changeScript(table, changes))
      for (const address of udpTargets(changes.removed)) gone.add(address)
    }
    const script = scripts.join('')
    if (script !== '') await applier.apply(script)
    if (gone.size > 0) await applier.forgetUdpFlows([...gone])
  }

  #elementsOf(key: ObjectKey): Elements {
    const service = this.#services.cache.get(key)
    if (service === undefined) return new Map()
    // The DNS Service is answered by the node itself; see localDnsElements.
    if (service.spec?.clusterIP === this.#parts.localDns.serviceAddress) return new Map()
    const route = serviceRoute(service, [...(this.#slicesOf.get(keyText(key))?.values() ?? [])], this.#parts.nodeName)
    return route === undefined ? new Map() : serviceElements(route)
  }
}

/** The backends that UDP packets no longer go to. */
function udpTargets(removed: Elements): string[] {
  return [...removed.values()]
    .flatMap((elements) => [...elements].filter(([key]) => key.includes('udp')).map(([, value]) => value.split(' . ')[0] ?? ''))
    .filter((address) => address !== '')
}
