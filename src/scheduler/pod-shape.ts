import { jsonText } from '../objects/json-text.ts'
import type { Node, NodeAffinity, PodSpec } from '../resources/generated/types.ts'
import type { NodeTable } from './node-table.ts'
import { matchesNodeSelection, preferenceWeight } from './node-affinity.ts'
import { Rooms } from './room.ts'
import { countUnpreferredTaints, taintText, untoleratedTaint } from './taints.ts'

/** Why a node is not for pods of a shape; undefined when it is. */
export type ShapeVerdict = string | undefined

interface NodeAnswer {
  readonly version: number
  readonly verdict: ShapeVerdict
  readonly unpreferredTaints: number
  readonly preference: number
}

/** What a shape says of all nodes together, as long as no node's labels, taints or spec change. */
export interface ShapeView {
  readonly generation: number
  /** Slots of the nodes that are for pods of the shape. */
  readonly fitting: readonly number[]
  /** Names of the others, by reason. */
  readonly rejected: ReadonlyMap<string, readonly string[]>
  /** Whether any fitting node has a PreferNoSchedule taint that the shape does not tolerate. */
  readonly hasUnpreferredTaints: boolean
}

/**
 * What the pods of one template share and what depends on the node alone: selector, affinity, tolerations. The answer for each node is
 * computed once and kept until the node's labels or taints change, so that 5,000 pods of one Deployment ask each node once.
 */
export class PodShape {
  readonly hasPreference: boolean
  /** Two pods have the same shape when they have the same key. */
  readonly key: string
  readonly #spec: PodSpec
  readonly #affinity: NodeAffinity | undefined
  readonly #answers: (NodeAnswer | undefined)[] = []
  #view: ShapeView | undefined

  constructor(key: string, spec: PodSpec) {
    this.key = key
    this.#spec = spec
    this.#affinity = spec.affinity?.nodeAffinity
    this.hasPreference = (this.#affinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ?? 0) > 0
  }

  view(table: NodeTable): ShapeView {
    if (this.#view?.generation === table.generation) return this.#view
    const fitting: number[] = []
    const rejected = new Map<string, string[]>()
    let hasUnpreferredTaints = false
    for (let slot = 0; slot < table.slots; slot += 1) {
      const node = table.node(slot)
      if (node === undefined) continue
      const { verdict, unpreferredTaints } = this.answer(slot, node, table.version(slot))
      if (verdict === undefined) {
        fitting.push(slot)
        hasUnpreferredTaints ||= unpreferredTaints > 0
      } else {
        const names = rejected.get(verdict)
        if (names === undefined) rejected.set(verdict, [node.metadata.name ?? ''])
        else names.push(node.metadata.name ?? '')
      }
    }
    this.#view = { generation: table.generation, fitting, rejected, hasUnpreferredTaints }
    return this.#view
  }

  /** Whether the node of the slot is for pods of the shape. */
  fits(slot: number, table: NodeTable): boolean {
    const node = table.node(slot)
    return node !== undefined && this.answer(slot, node, table.version(slot)).verdict === undefined
  }

  answer(slot: number, node: Node, version: number): NodeAnswer {
    const known = this.#answers[slot]
    if (known?.version === version) return known
    const answer = {
      version,
      verdict: this.#verdict(node),
      unpreferredTaints: countUnpreferredTaints(this.#spec, node),
      preference: preferenceWeight(this.#affinity, node),
    }
    this.#answers[slot] = answer
    return answer
  }

  #verdict(node: Node): ShapeVerdict {
    const spec = this.#spec
    if ((spec.nodeName ?? '') !== '' && spec.nodeName !== node.metadata.name) return "node(s) didn't match the requested node name"
    if (node.spec?.unschedulable === true && !toleratesUnschedulable(spec)) return 'node(s) were unschedulable'
    const taint = untoleratedTaint(spec, node)
    if (taint !== undefined) return `node(s) had untolerated taint ${taintText(taint)}`
    return matchesNodeSelection(spec, node) ? undefined : "node(s) didn't match Pod's node affinity/selector"
  }
}

const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const

/** DaemonSet pods tolerate a cordoned node by tolerating its taint. */
function toleratesUnschedulable(spec: PodSpec): boolean {
  return untoleratedTaint(spec, { apiVersion: 'v1', kind: 'Node', metadata: {}, spec: { taints: [UNSCHEDULABLE_TAINT] } }) === undefined
}

const MAX_SHAPES = 512

/** The shapes in use; the oldest is forgotten when there are too many (it is only a cache). */
export class PodShapes {
  readonly rooms = new Rooms()
  readonly #shapes = new Map<string, PodShape>()

  of(spec: PodSpec): PodShape {
    const key = jsonText([spec.nodeSelector, spec.affinity?.nodeAffinity, spec.tolerations, spec.nodeName])
    const known = this.#shapes.get(key)
    if (known !== undefined) return known
    const shape = new PodShape(key, spec)
    if (this.#shapes.size >= MAX_SHAPES) {
      const [oldest] = this.#shapes.keys()
      if (oldest !== undefined) this.#shapes.delete(oldest)
    }
    this.#shapes.set(key, shape)
    return shape
  }
}
