import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import { Informer } from '../client/informer.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Pod, Service } from '../resources/generated/types.ts'
import type { Clock, Log, Random } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { Limiter } from './limiter.ts'
import type { NodeEvents } from './node-events.ts'
import type { NodeFacts, NodePressure } from './node-facts.ts'
import { NodeRegistration } from './node-registration.ts'
import type { NodeSettings } from './node-settings.ts'
import { ObjectReferences } from './object-references.ts'
import type { ActionParts } from './perform-action.ts'
import { PodWorker } from './pod-worker.ts'
import type { WorkerParts } from './pod-worker.ts'
import type { Prober } from './prober.ts'
import type { NodeRuntime, PodObservation } from './runtime.ts'
import { StatusWriter } from './status-writer.ts'
import { TokenSource } from './token-source.ts'
import type { VolumeHost } from './volumes/volume-host.ts'

export interface NodeAgentParts {
  /**
   * The API with the node's own identity. It needs: nodes (get, create, patch, and patch of status), leases in kube-node-lease (get,
   * create, update), pods (watch, list, delete, and patch of status), services, configmaps and secrets (watch, list), serviceaccounts/token
   * (create), events (create, patch).
   */
  readonly client: Client
  /** host/cri, or simulation/fake-runtime.ts. */
  readonly runtime: NodeRuntime
  /** host/volumes. */
  readonly volumes: VolumeHost
  /** host/probe. */
  readonly prober: Prober
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly settings: NodeSettings
  /** host/node-facts.ts, read once before the start. */
  readonly facts: NodeFacts
  readonly pressure: () => Promise<NodePressure>
}

/** What the node's own HTTPS server (logs, exec, port-forward) needs to know. */
export interface NodeAgent {
  /** Runs until the signal aborts; containers go on then. Never throws. */
  run(signal: AbortSignal): Promise<void>
  pod(namespace: string, name: string): AgentPod | undefined
  pods(): readonly AgentPod[]
}

export interface AgentPod {
  readonly pod: Pod
  readonly observation: PodObservation | undefined
  /** What the last plan was and what it waits for, in a sentence. */
  readonly why: string
}

const MAX_PULLS = 4
const MAX_STARTS = 8
const MAX_PROBES = 32
const SWEEP_MS = 60_000
const SWEEP_RETRY_MS = 1000
const SERVICES_WAIT_MS = 10_000

/** The node agent: makes the containers of this node what the API's pods say. Does nothing until run. */
export function createNodeAgent(parts: NodeAgentParts): NodeAgent {
  return new Agent(parts)
}

class Agent implements NodeAgent {
  readonly #parts: NodeAgentParts
  readonly #workers = new Map<string, PodWorker>()
  readonly #recorder: EventRecorder
  readonly #events: NodeEvents
  readonly #pods: Informer<Pod>
  readonly #services: Informer<Service>

  constructor(parts: NodeAgentParts) {
    this.#parts = parts
    this.#recorder = new EventRecorder({ ...parts, instance: parts.settings.nodeName })
    this.#events = { record: (regarding, event) => this.#recorder.record({ regarding, component: 'kubelet', ...event }) }
    this.#pods = new Informer(kinds.Pod, parts, { fieldSelector: `spec.nodeName=${parts.settings.nodeName}` })
    this.#services = new Informer(kinds.Service, parts)
  }

  pod(namespace: string, name: string): AgentPod | undefined {
    return this.pods().find(({ pod }) => pod.metadata.name === name && pod.metadata.namespace === namespace)
  }

  pods(): readonly AgentPod[] {
    return Array.from(this.#workers.values(), ({ pod, observation, why }) => ({ pod, observation, why }))
  }

  async run(signal: AbortSignal): Promise<void> {
    const { runtime, settings } = this.#parts
    const references = new ObjectReferences(this.#parts, (uids) => {
      for (const uid of uids) this.#workers.get(uid)?.referenceChanged()
    })
    const workerParts = this.#workerParts(references, signal)
    const start = (pod: Pod): PodWorker => {
      const worker = new PodWorker(workerParts, pod, signal)
      this.#workers.set(pod.metadata.uid ?? '', worker)
      return worker
    }
    runtime.events((uid) => {
      if (uid === '') for (const worker of this.#workers.values()) worker.observeAgain()
      else this.#workers.get(uid)?.observeAgain()
    }, signal)
    this.#pods.cache.listen(({ object, previous }) => {
      if (previous !== undefined && previous.metadata.uid !== object?.metadata.uid) this.#workers.get(previous.metadata.uid ?? '')?.remove()
      if (object === undefined) return
      references.follow(object)
      const known = this.#workers.get(object.metadata.uid ?? '')
      if (known === undefined) start(object).wake()
      else known.update(object)
    })
    const registration = new NodeRegistration({ ...this.#parts, events: this.#events })
    this.#parts.log.info('the node agent starts', { node: settings.nodeName })
    await Promise.all([
      this.#pods.run(signal), this.#services.run(signal), this.#recorder.run(signal), registration.run(signal), this.#sweep(start, signal),
    ])
    references.close()
    for (const worker of this.#workers.values()) worker.close()
  }

  #workerParts(references: ObjectReferences, signal: AbortSignal): WorkerParts {
    const { client, clock, log, runtime, prober, random } = this.#parts
    const statuses = new StatusWriter({ client, clock, log }, signal)
    const tokens = new TokenSource(client, clock)
    const actions: ActionParts = {
      ...this.#parts, events: this.#events, references, tokens,
      services: (namespace, stop) => this.#servicesFor(namespace, stop),
      pulls: new Limiter(MAX_PULLS), starts: new Limiter(MAX_STARTS),
    }
    return {
      actions, statuses,
      probes: { clock, random, prober, runtime, limiter: new Limiter(MAX_PROBES) },
      onDone: (uid) => {
        this.#workers.delete(uid)
        references.release(uid)
        tokens.forget(uid)
        statuses.forget(uid)
      },
    }
  }

  async #servicesFor(namespace: string, signal: AbortSignal): Promise<readonly Service[]> {
    const timer = new AbortController()
    if (!this.#services.synced) {
      await Promise.race([this.#services.whenSynced(), sleep(this.#parts.clock, SERVICES_WAIT_MS, AbortSignal.any([signal, timer.signal]))])
      timer.abort()
    }
    if (!this.#services.synced) throw new Error('services have not yet been read at least once, cannot construct envvars')
    const master = this.#services.cache.get({ namespace: 'default', name: 'kubernetes' })
    const own = this.#services.cache.list(namespace)
    return master === undefined || namespace === 'default' ? own : [...own, master]
  }

  /**
   * Pods that are here but not in the API are stopped and removed, once the API has told of all of its pods; and again every minute,
   * because a call that was given up may have had its effect later. The same look finds changes of which no event told.
   */
  async #sweep(start: (pod: Pod) => PodWorker, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    await Promise.race([this.#pods.whenSynced(), whenAborted(signal)])
    let failures = 0
    while (!signal.aborted) {
      try {
        await this.#sweepOnce(start, signal)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures++
        if (failures === 1) log.warn('the node could not be searched for pods that nobody wants any more', { error: thrownMessage(error) })
      }
      await sleep(clock, failures === 0 ? SWEEP_MS : SWEEP_RETRY_MS, signal)
    }
  }

  async #sweepOnce(start: (pod: Pod) => PodWorker, signal: AbortSignal): Promise<void> {
    const { runtime, volumes } = this.#parts
    const observed = await runtime.observeAll(signal)
    const uids = new Set(await volumes.podUids())
    for (const pod of observed) {
      const { uid, namespace, name, containers } = pod
      uids.delete(uid)
      const worker = this.#workers.get(uid)
      if (worker === undefined) start(orphan(uid, namespace, name, containers.map((one) => one.name))).remove()
      else if (statesOf(worker.observation) !== statesOf(pod)) worker.observeAgain()
    }
    for (const uid of uids) if (!this.#workers.has(uid)) start(orphan(uid, '', '', [])).remove()
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** What an event should have told of. */
function statesOf(pod: PodObservation | undefined): string {
  return [...(pod?.sandboxes ?? []), ...(pod?.containers ?? [])].map(({ id, state }) => `${id} ${state}`).sort().join()
}

/** A pod of which only its containers are known. */
function orphan(uid: string, namespace: string, name: string, containers: readonly string[]): Pod {
  const spec = { containers: [...new Set(containers)].map((one) => ({ name: one })) }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { uid, namespace, name }, spec }
}
