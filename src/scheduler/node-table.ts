import { sameJson } from '../objects/json.ts'
import type { Node, Pod, PodSpec } from '../resources/generated/types.ts'
import { present } from '../words/assert.ts'
import { hostPortsOf, TakenPorts, type HostPort } from './host-ports.ts'
import { amountsOf, DEFAULT_SCORED_CPU_MILLIS, DEFAULT_SCORED_MEMORY_BYTES, podRequests, type Amounts } from './pod-requests.ts'
import { SpreadIndex } from './spreading.ts'

/** One resource of all nodes: what each may give and what its pods took, by slot. */
export interface ResourceColumn {
  allocatable: Float64Array
  requested: Float64Array
}

/** What is remembered of a pod that counts against a node. */
export interface PlacedPod {
  /** As it was seen last. */
  pod: Pod
  readonly slot: number
  readonly amounts: Amounts
  readonly ports: readonly HostPort[]
}

const FIRST_CAPACITY = 64
const REMEMBERED_CHANGES = 1_024

/**
 * All nodes as columns of numbers; a node keeps its slot until it goes. Pods are placed on slots, and taken off again, by uid: placing a
 * pod twice (assumed first, then seen bound) counts once.
 */
export class NodeTable {
  readonly spread = new SpreadIndex()
  readonly #columns = new Map<string, ResourceColumn>()
  readonly #nodes: (Node | undefined)[] = []
  readonly #versions: number[] = []
  readonly #ports: (TakenPorts | undefined)[] = []
  readonly #slotOf = new Map<string, number>()
  readonly #free: number[] = []
  readonly #placed = new Map<string, PlacedPod>()
  /** Pods bound to nodes that are not known (yet), by node. */
  readonly #waiting = new Map<string, Map<string, Pod>>()
  /** The slots of the last changes: change n stands at n modulo the length. */
  readonly #changedSlots = new Int32Array(REMEMBERED_CHANGES)
  #capacity = FIRST_CAPACITY
  #version = 0
  #changes = 0

  constructor() {
    for (const name of ['cpu', 'memory', 'ephemeral-storage', 'pods', 'scored-cpu', 'scored-memory']) this.#column(name)
  }

  /** Slots run from 0 to this, some of them empty. */
  get slots(): number {
    return this.#nodes.length
  }

  get nodeCount(): number {
    return this.#slotOf.size
  }

  node(slot: number): Node | undefined {
    return this.#nodes[slot]
  }

  /** Changes whenever a node came or went, or any node's labels, taints or spec may have changed. */
  get generation(): number {
    return this.#version
  }

  /** How often the room on any node may have changed; the slots of the last rememberedChanges are known. */
  get changes(): number {
    return this.#changes
  }

  readonly rememberedChanges = REMEMBERED_CHANGES

  changedSlot(change: number): number {
    return this.#changedSlots[change % REMEMBERED_CHANGES] ?? 0
  }

  /** Changes whenever the node's labels, taints or spec may have. */
  version(slot: number): number {
    return this.#versions[slot] ?? 0
  }

  ports(slot: number): TakenPorts {
    return (this.#ports[slot] ??= new TakenPorts())
  }

  /** Undefined: no node has it. */
  column(name: string): ResourceColumn | undefined {
    return this.#columns.get(name)
  }

  placed(uid: string): PlacedPod | undefined {
    return this.#placed.get(uid)
  }

  setNode(node: Node): void {
    const name = node.metadata.name ?? ''
    const known = this.#slotOf.get(name)
    const slot = known ?? this.#free.pop() ?? this.#nodes.length
    if (slot >= this.#capacity) this.#grow()
    const before = this.#nodes[slot]
    this.#nodes[slot] = node
    this.#slotOf.set(name, slot)
    if (before === undefined || !sameJson(before.metadata.labels, node.metadata.labels) || !sameJson(before.spec, node.spec)) {
      this.#versions[slot] = ++this.#version
    }
    for (const column of this.#columns.values()) column.allocatable[slot] = 0
    for (const [resource, amount] of amountsOf(node.status?.allocatable ?? {})) this.#column(resource).allocatable[slot] = amount
    this.#changed(slot)
    this.spread.setNode(slot, node.metadata.labels ?? {})
    if (known === undefined) this.#placeWaiting(name)
  }

  removeNode(name: string): void {
    const slot = this.#slotOf.get(name)
    if (slot === undefined) return
    const left = [...this.#placed.values()].filter((placed) => placed.slot === slot)
    for (const { pod } of left) {
      this.removePod(pod.metadata.uid ?? '')
      this.#wait(name, pod)
    }
    this.#slotOf.delete(name)
    this.#nodes[slot] = undefined
    this.#versions[slot] = ++this.#version
    this.#ports[slot] = undefined
    this.spread.removeNode(slot)
    this.#free.push(slot)
  }

  /** The pod counts against the node from now on. */
  place(pod: Pod, nodeName: string): void {
    const uid = pod.metadata.uid ?? ''
    const slot = this.#slotOf.get(nodeName)
    const before = this.#placed.get(uid)
    if (before !== undefined) {
      if (before.slot === slot && countsTheSame(before.pod, pod)) {
        before.pod = pod
        return
      }
      this.removePod(uid)
    }
    if (slot === undefined) return this.#wait(nodeName, pod)
    const placed = { pod, slot, amounts: podRequests(present(pod.spec, 'spec')), ports: hostPortsOf(present(pod.spec, 'spec')) }
    this.#placed.set(uid, placed)
    this.#count(placed, 1)
    this.ports(slot).add(placed.ports)
    this.spread.place(placed)
  }

  removePod(uid: string): void {
    const placed = this.#placed.get(uid)
    if (placed === undefined) {
      for (const pods of this.#waiting.values()) pods.delete(uid)
      return
    }
    this.#placed.delete(uid)
    this.#count(placed, -1)
    this.ports(placed.slot).remove(placed.ports)
    this.spread.remove(placed)
  }

  #count(placed: PlacedPod, sign: 1 | -1): void {
    const { slot, amounts } = placed
    const add = (name: string, amount: number): void => {
      const { requested } = this.#column(name)
      requested[slot] = (requested[slot] ?? 0) + sign * amount
    }
    for (const [name, amount] of amounts) add(name, amount)
    add('pods', 1)
    add('scored-cpu', scoredAmount(amounts, 'cpu'))
    add('scored-memory', scoredAmount(amounts, 'memory'))
    this.#changed(slot)
  }

  #changed(slot: number): void {
    this.#changedSlots[this.#changes % REMEMBERED_CHANGES] = slot
    this.#changes += 1
  }

  #placeWaiting(nodeName: string): void {
    const pods = this.#waiting.get(nodeName)
    this.#waiting.delete(nodeName)
    for (const pod of pods?.values() ?? []) this.place(pod, nodeName)
  }

  #wait(nodeName: string, pod: Pod): void {
    const pods = this.#waiting.get(nodeName) ?? new Map<string, Pod>()
    pods.set(pod.metadata.uid ?? '', pod)
    this.#waiting.set(nodeName, pods)
  }

  #column(name: string): ResourceColumn {
    const known = this.#columns.get(name)
    if (known !== undefined) return known
    const column = { allocatable: new Float64Array(this.#capacity), requested: new Float64Array(this.#capacity) }
    this.#columns.set(name, column)
    return column
  }

  #grow(): void {
    this.#capacity *= 2
    for (const column of this.#columns.values()) {
      column.allocatable = grown(column.allocatable, this.#capacity)
      column.requested = grown(column.requested, this.#capacity)
    }
  }
}

/** By identity: versions of one object share what did not change, the assumed one and the bound one too. */
function countsTheSame(before: Pod, after: Pod): boolean {
  const [a, b] = [before.metadata, after.metadata]
  return (
    a.labels === b.labels && a.ownerReferences === b.ownerReferences && a.deletionTimestamp === b.deletionTimestamp
    && (before.spec === after.spec || takesTheSame(before.spec, after.spec))
  )
}

function takesTheSame(before: PodSpec | undefined, after: PodSpec | undefined): boolean {
  return (
    before?.containers === after?.containers && before?.initContainers === after?.initContainers
    && before?.overhead === after?.overhead && before?.hostNetwork === after?.hostNetwork
  )
}

/** What a pod counts for when nodes are compared: see DEFAULT_SCORED_CPU_MILLIS. */
export function scoredAmount(amounts: Amounts, resource: 'cpu' | 'memory'): number {
  return amounts.get(resource) ?? (resource === 'cpu' ? DEFAULT_SCORED_CPU_MILLIS : DEFAULT_SCORED_MEMORY_BYTES)
}

function grown(column: Float64Array, capacity: number): Float64Array {
  const larger = new Float64Array(capacity)
  larger.set(column)
  return larger
}
