import { keyText, type ObjectKey } from '../objects/kube-object.ts'
import { sleep, type Clock, type Log } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { ElementLedger } from './element-ledger.ts'
import { changeScript, createTableScript, type TableConfig } from './nft-table.ts'
import { localDnsElements, serviceElements, type Elements, type LocalDns } from './service-elements.ts'
import type { ServiceDirectory } from './service-directory.ts'
import { serviceRoute } from './service-endpoints.ts'

/** Applies an nft script as one transaction. Throws with nft's own words. */
export interface RuleApplier {
  apply(script: string): Promise<void>
  /** Ends what the kernel remembers of UDP flows to backends that are gone: UDP has no connection that would break. */
  forgetUdpFlows(addresses: readonly string[]): Promise<void>
}

export interface ServiceProxyParts extends TableConfig {
  /** Run by whoever made it. */
  readonly services: ServiceDirectory
  readonly clock: Clock
  readonly log: Log
  readonly applier: RuleApplier
  readonly nodeName: string
  readonly localDns: LocalDns
}

/** Owner of the local DNS elements in the ledger; no Service has such a key. */
const LOCAL_DNS = '(dns)'
const RETRY_MS = 1_000
/** Changes that come together are applied together; alone, one waits no longer than this. */
const GATHER_MS = 5

/** Keeps the node's service rules equal to the Services and EndpointSlices. */
export class ServiceProxy {
  readonly #parts: ServiceProxyParts
  /** What the kernel has, or gets with the script that is being applied. */
  readonly #ledger = new ElementLedger()
  /** Services that changed since, by the text of their key. */
  readonly #dirty = new Map<string, ObjectKey>()
  readonly #ready: Promise<void>
  #tellReady: () => void = () => {}
  #wake: () => void = () => {}

  constructor(parts: ServiceProxyParts) {
    this.#parts = parts
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
    const { services } = this.#parts
    services.listen((key) => {
      this.#dirty.set(keyText(key), key)
      this.#wake()
    })
    await services.whenSynced()
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

  async #applyAll(): Promise<void> {
    const { applier, table, localDns, services } = this.#parts
    this.#dirty.clear()
    this.#ledger.clear()
    const scripts = [changeScript(table, this.#ledger.set(LOCAL_DNS, localDnsElements(localDns)))]
    for (const key of services.keys()) scripts.push(changeScript(table, this.#ledger.set(keyText(key), this.#elementsOf(key))))
    await applier.apply(createTableScript(this.#parts) + scripts.join(''))
  }

  async #applyDirty(): Promise<void> {
    const { applier, table } = this.#parts
    const changed = [...this.#dirty]
    this.#dirty.clear()
    const scripts: string[] = []
    const gone = new Set<string>()
    for (const [owner, key] of changed) {
      const changes = this.#ledger.set(owner, this.#elementsOf(key))
      scripts.push(changeScript(table, changes))
      for (const address of udpTargets(changes.removed)) gone.add(address)
    }
    const script = scripts.join('')
    if (script !== '') await applier.apply(script)
    if (gone.size > 0) await applier.forgetUdpFlows([...gone])
  }

  #elementsOf(key: ObjectKey): Elements {
    const { services, localDns, nodeName } = this.#parts
    const found = services.get(key)
    // The DNS Service is answered by the node itself; see localDnsElements.
    if (found === undefined || found.service.spec?.clusterIP === localDns.serviceAddress) return new Map()
    const route = serviceRoute(found.service, found.slices, nodeName)
    return route === undefined ? new Map() : serviceElements(route)
  }
}

/** The backends that UDP packets no longer go to. */
function udpTargets(removed: Elements): string[] {
  return [...removed.values()]
    .flatMap((elements) => [...elements].filter(([key]) => key.includes('udp')).map(([, value]) => value.split(' . ')[0] ?? ''))
    .filter((address) => address !== '')
}
