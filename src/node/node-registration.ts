import type { Client } from '../client/client.ts'
import { sameJson } from '../objects/json.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Lease, Node, NodeCondition, NodeStatus } from '../resources/generated/types.ts'
import type { Instant } from '../words/instant.ts'
import { formatMicroTime } from '../words/instant.ts'
import type { Clock, Log } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'
import { isStatus } from '../words/status-error.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { NodeEvents } from './node-events.ts'
import type { NodeFacts, NodePressure } from './node-facts.ts'
import type { NodeSettings } from './node-settings.ts'
import { newNode, nodeLabels, nodeStatus, readinessProblem, withoutHeartbeats } from './node-status.ts'
import type { ImageObservation, NodeRuntime, RuntimeInfo } from './runtime.ts'

export interface RegistrationParts {
  readonly client: Client
  readonly runtime: NodeRuntime
  readonly clock: Clock
  readonly log: Log
  readonly settings: NodeSettings
  readonly facts: NodeFacts
  readonly pressure: () => Promise<NodePressure>
  readonly events: NodeEvents
}

const STATUS_MS = 10_000
/** While the node is not ready it looks more often: a starting runtime needs a second or two. */
const EAGER_MS = 500
const HEARTBEAT_MS = 300_000
const LEASE_MS = 10_000
const LEASE_SECONDS = 40
const LEASE_NAMESPACE = 'kube-node-lease'
const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 10_000

/** Keeps the Node object and its Lease: registers, writes the status when it changes (and every five minutes), renews the Lease. */
export class NodeRegistration {
  readonly #parts: RegistrationParts
  #node: Node | undefined
  #writtenAt: Instant = 0
  #wasReady: boolean | undefined

  constructor(parts: RegistrationParts) {
    this.#parts = parts
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#keepStatus(signal), this.#keepLease(signal)])
  }

  async #keepStatus(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      let delayMs = STATUS_MS
      try {
        const isReady = await this.#writeStatus(signal)
        failures = 0
        if (!isReady) delayMs = EAGER_MS
      } catch (error) {
        if (signal.aborted) return
        this.#node = undefined
        delayMs = retryDelayMs(++failures)
        this.#complain(failures, 'the node status could not be written and is tried again', error)
      }
      await sleep(this.#parts.clock, delayMs, signal)
    }
  }

  async #writeStatus(signal: AbortSignal): Promise<boolean> {
    const { client, clock, settings, facts, pressure } = this.#parts
    const node = this.#node ?? (await this.#register())
    const { runtime, images } = await this.#look(signal)
    const now = clock.now()
    const status = nodeStatus({ settings, facts, runtime, images, pressure: await pressure(), now }, node.status)
    const isReady = readinessProblem(runtime) === undefined
    const isDue = now - this.#writtenAt >= HEARTBEAT_MS
    if (isDue || !sameJson(withoutHeartbeats(ownPart(node.status ?? {}, status)), withoutHeartbeats(status))) {
      const patch = { type: 'strategic', body: { status } } as const
      this.#node = await client.patch(kinds.Node, { namespace: '', name: settings.nodeName }, patch, { subresource: 'status' })
      this.#writtenAt = now
    }
    this.#tellReadiness(isReady)
    return isReady
  }

  #tellReadiness(isReady: boolean): void {
    if (this.#node === undefined || this.#wasReady === isReady) return
    const name = this.#parts.settings.nodeName
    const reason = isReady ? 'NodeReady' : 'NodeNotReady'
    // Upstream's events about a node name it as its own uid.
    const regarding = { ...this.#node, apiVersion: 'v1', kind: 'Node', metadata: { ...this.#node.metadata, uid: name } }
    const message = `Node ${name} status is now: ${reason}`
    if (this.#wasReady !== undefined || isReady) this.#parts.events.record(regarding, { type: 'Normal', reason, message })
    this.#wasReady = isReady
  }

  async #look(signal: AbortSignal): Promise<{ runtime: RuntimeInfo | undefined; images: readonly ImageObservation[] }> {
    try {
      return { runtime: await this.#parts.runtime.info(signal), images: await this.#parts.runtime.listImages(signal) }
    } catch (error) {
      signal.throwIfAborted()
      this.#parts.log.warn('the container runtime does not answer', { error: thrownMessage(error) })
      return { runtime: undefined, images: [] }
    }
  }

  /** Makes the Node, or brings the labels of the one that is there up to date. */
  async #register(): Promise<Node> {
    const { client, settings, facts } = this.#parts
    const key = { namespace: '', name: settings.nodeName }
    let node: Node
    try {
      node = await client.get(kinds.Node, key)
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
      node = await client.create(kinds.Node, newNode(settings, facts))
      this.#parts.log.info('the node is registered', { node: settings.nodeName })
    }
    const labels = nodeLabels(settings, facts)
    const missing = Object.entries(labels).filter(([name, value]) => node.metadata.labels?.[name] !== value)
    if (missing.length > 0) {
      const body = { metadata: { labels: Object.fromEntries(missing) } }
      node = await client.patch(kinds.Node, key, { type: 'merge', body })
    }
    this.#node = node
    return node
  }

  async #keepLease(signal: AbortSignal): Promise<void> {
    let lease: Lease | undefined
    let failures = 0
    while (!signal.aborted) {
      let delayMs = LEASE_MS
      try {
        lease = await this.#renew(lease)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        lease = undefined
        delayMs = retryDelayMs(++failures)
        this.#complain(failures, 'the node lease could not be renewed and is tried again', error)
      }
      await sleep(this.#parts.clock, delayMs, signal)
    }
  }

  /** Once for each outage. */
  #complain(failures: number, sentence: string, error: unknown): void {
    if (failures === 1) this.#parts.log.warn(sentence, { error: thrownMessage(error) })
  }

  async #renew(known: Lease | undefined): Promise<Lease> {
    const { client, clock, settings } = this.#parts
    const key = { namespace: LEASE_NAMESPACE, name: settings.nodeName }
    const spec = { holderIdentity: settings.nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime: formatMicroTime(clock.now()) }
    let lease = known
    try {
      lease ??= await client.get(kinds.Lease, key)
      return await client.update(kinds.Lease, { ...lease, spec: { ...lease.spec, ...spec } })
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
      return client.create(kinds.Lease, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key, spec })
    }
  }
}

/** Of a status what this agent writes: others add conditions and volumes of their own. */
function ownPart(known: NodeStatus, own: NodeStatus): object & { readonly conditions: readonly NodeCondition[] } {
  const { addresses, allocatable, capacity, daemonEndpoints, images, nodeInfo } = known
  const types = new Set(own.conditions?.map(({ type }) => type))
  const byType = (type: string): number => own.conditions?.findIndex((condition) => condition.type === type) ?? 0
  const conditions = (known.conditions ?? []).filter(({ type }) => types.has(type)).sort((a, b) => byType(a.type) - byType(b.type))
  const part = { addresses, allocatable, capacity, conditions, daemonEndpoints, images: images ?? [], nodeInfo }
  return part
}

function retryDelayMs(failures: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10))
}
