import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import { Informer } from '../client/informer.ts'
import type { CacheChange } from '../client/object-cache.ts'
import { findCondition } from '../objects/conditions.ts'
import { sameJson } from '../objects/json.ts'
import { keyOf } from '../objects/kube-object.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Binding, Node, Pod, PodCondition } from '../resources/generated/types.ts'
import { formatTime } from '../words/instant.ts'
import { RecentMap } from '../words/oldest-first.ts'
import type { Clock, Log, Random } from '../words/ports.ts'
import { isStatus } from '../words/status-error.ts'
import { thrownMessage } from '../words/thrown.ts'
import { decide, type Decision } from './decide.ts'
import { NodeTable } from './node-table.ts'
import { PodShapes } from './pod-shape.ts'
import { SchedulingQueue } from './queue.ts'
import type { Tries } from './queue.ts'
import { SchedulerFigures } from './scheduler-figures.ts'

export interface SchedulerParts {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

const SCHEDULER_NAME = 'default-scheduler'
/** Bindings under way at once: enough to share the store's group commits. */
const MAX_BINDINGS = 256
/** Decisions in one go, before other work gets its turn. */
const BATCH_PODS = 64
const MAX_EXPLANATIONS = 10_000

/** Why a pod is where it is, or nowhere: kept for whoever asks. */
export interface Explanation {
  readonly at: number
  readonly decision: Decision
}

/** Follows nodes and pods and gives each waiting pod a node. */
export class Scheduler {
  readonly explanations = new RecentMap<string, Explanation>(MAX_EXPLANATIONS)
  readonly #parts: SchedulerParts
  readonly #nodes: Informer<Node>
  readonly #pods: Informer<Pod>
  readonly #events: EventRecorder
  readonly #table = new NodeTable()
  readonly #shapes = new PodShapes()
  readonly #queue = new SchedulingQueue()
  readonly figures = new SchedulerFigures()
  /** How many bindings are under way. */
  #binding = 0
  #wake: () => void = () => {}

  constructor(parts: SchedulerParts) {
    this.#parts = parts
    this.#nodes = new Informer(kinds.Node, parts)
    this.#pods = new Informer(kinds.Pod, parts, { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' })
    this.#events = new EventRecorder({ ...parts, instance: '' })
  }

  /** Pods that wait for their turn, for their back-off, or for the cluster to change. */
  pending(): ReturnType<SchedulingQueue['pending']> {
    return this.#queue.pending()
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#nodes.cache.listen((change) => this.#onNode(change))
    this.#pods.cache.listen((change) => this.#onPod(change))
    void this.#nodes.run(signal)
    void this.#pods.run(signal)
    void this.#events.run(signal)
    await Promise.all([this.#nodes.whenSynced(), this.#pods.whenSynced()])
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    while (!signal.aborted) {
      const wait = this.#nextWork()
      const pods = this.#queue.take(this.#parts.clock.now(), Math.min(BATCH_PODS, MAX_BINDINGS - this.#binding))
      for (const pod of pods) this.#schedule(pod)
      if (pods.length === BATCH_PODS) this.#parts.clock.after(0, this.#wake)
      await wait
    }
  }

  /**
   * Resolves when something changed, a binding ended, a pod's back-off is over or the scheduler ends. Made before the queue is looked at,
   * so no wake is lost.
   */
  #nextWork(): Promise<void> {
    return new Promise((resolve) => {
      const next = this.#queue.nextWake()
      const cancel =
        next === undefined ? () => {} : this.#parts.clock.after(Math.max(1, next - this.#parts.clock.now()), () => this.#wake())
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }

  #onNode(change: CacheChange<Node>): void {
    if (change.object === undefined) this.#table.removeNode(change.previous?.metadata.name ?? '')
    else {
      const before = change.previous
      this.#table.setNode(change.object)
      // A heartbeat changes neither room nor rules.
      if (before !== undefined && sameRoom(before, change.object)) return
    }
    this.#queue.unpark()
    this.#wake()
  }

  #onPod(change: CacheChange<Pod>): void {
    const pod = change.object
    const uid = (pod ?? change.previous)?.metadata.uid ?? ''
    if (pod === undefined) {
      this.#queue.remove(uid)
      this.explanations.delete(uid)
      this.#table.removePod(uid)
      this.#queue.unpark()
    } else if ((pod.spec?.nodeName ?? '') !== '') {
      this.#queue.remove(uid)
      this.#table.place(pod, pod.spec?.nodeName ?? '')
    } else if (isOurs(pod)) {
      this.#queue.set(pod)
    } else {
      this.#queue.remove(uid)
    }
    this.#wake()
  }

  #schedule(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const now = this.#parts.clock.now()
    const decision = decide(pod, this.#table, this.#shapes)
    this.explanations.set(uid, { at: now, decision })
    const decidedMs = this.#parts.clock.now() - now
    this.figures.decisions.observe(decidedMs / 1_000)
    if (decision.outcome === 'unschedulable') {
      this.figures.ended('unschedulable', decidedMs / 1_000)
      this.#queue.park(uid, now)
      void this.#tellUnschedulable(pod, decision.message)
      return
    }
    this.#table.place(pod, decision.nodeName)
    this.#binding += 1
    void this.#bind(pod, decision.nodeName, { begunAt: now, ...this.#queue.triesOf(uid, now) }).finally(() => {
      this.#binding -= 1
      this.#wake()
    })
  }

  async #bind(pod: Pod, nodeName: string, { begunAt, attempts, since }: Tries & { readonly begunAt: number }): Promise<void> {
    const { client, clock, log } = this.#parts
    const key = keyOf(pod)
    const uid = pod.metadata.uid ?? ''
    const binding: Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: key.name, namespace: key.namespace, ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }) },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    }
    try {
      await client.createSubresource(kinds.Pod, key, 'binding', binding)
      this.figures.ended('scheduled', (clock.now() - begunAt) / 1_000)
      this.figures.bound(attempts, (clock.now() - since) / 1_000)
      this.#queue.remove(uid)
      this.#record(pod, 'Normal', 'Scheduled', `Successfully assigned ${key.namespace}/${key.name} to ${nodeName}`)
    } catch (error) {
      // The cache knows better when the pod is bound after all (a lost reply): then it was placed by what was seen.
      if (this.#pods.cache.get(key)?.spec?.nodeName === undefined) this.#table.removePod(uid)
      if (isStatus(error, 'NotFound')) return this.#queue.remove(uid)
      this.figures.ended('error', (clock.now() - begunAt) / 1_000)
      this.#queue.retry(uid, clock.now())
      log.warn('a pod could not be bound and is tried again', {
        pod: `${key.namespace}/${key.name}`,
        node: nodeName,
        error: thrownMessage(error),
      })
    }
  }

  async #tellUnschedulable(pod: Pod, message: string): Promise<void> {
    const { client, clock, log } = this.#parts
    this.#record(pod, 'Warning', 'FailedScheduling', message)
    const known = findCondition(pod.status?.conditions, 'PodScheduled')
    if (known?.status === 'False' && known.reason === 'Unschedulable' && known.message === message) return
    const lastTransitionTime = known?.status === 'False' ? known.lastTransitionTime : formatTime(clock.now())
    const condition: PodCondition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
    }
    try {
      const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } }
      await client.patch(kinds.Pod, keyOf(pod), { type: 'strategic', body }, { subresource: 'status' })
    } catch (error) {
      if (isStatus(error, 'NotFound') || isStatus(error, 'Conflict')) return
      log.warn('the PodScheduled condition could not be written', { pod: pod.metadata.name, error: thrownMessage(error) })
    }
  }

  #record(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#events.record({ regarding: pod, type, reason, message, component: SCHEDULER_NAME })
  }
}

function isOurs(pod: Pod): boolean {
  return (pod.spec?.schedulerName ?? SCHEDULER_NAME) === SCHEDULER_NAME
    && pod.metadata.deletionTimestamp === undefined
    && (pod.spec?.schedulingGates?.length ?? 0) === 0
}

function sameRoom(before: Node, after: Node): boolean {
  return (
    sameJson(before.spec, after.spec)
    && sameJson(before.metadata.labels, after.metadata.labels)
    && sameJson(before.status?.allocatable, after.status?.allocatable)
  )
}
