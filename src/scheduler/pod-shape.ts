import type { Node, NodeAffinity, PodSpec } from '../resources/generated/types.ts'
import { matchesNodeSelection, preferenceWeight } from './node-affinity.ts'
import { countUnpreferredTaints, taintText, untoleratedTaint } from './taints.ts'

/** Why a node is not for pods of a shape; undefined when it is. */
export type ShapeVerdict = string | undefined

interface NodeAnswer {
  readonly version: number
  readonly verdict: ShapeVerdict
  readonly unpreferredTaints: number
  readonly preference: number
}

/**
 * What the pods of one template share and what depends on the node alone: selector, affinity, tolerations. The answer for each node is
 * computed once and kept until the node's labels or taints change, so that 5,000 pods of one Deployment ask each node once.
 */
export class PodShape {
  readonly hasPreference: boolean
  readonly #spec: PodSpec
  readonly #affinity: NodeAffinity | undefined
  readonly #answers: (NodeAnswer | undefined)[] = []

  constructor(spec: PodSpec) {
    this.#spec = spec
    this.#affinity = spec.affinity?.nodeAffinity
    this.hasPreference = (this.#affinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ?? 0) > 0
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
  readonly #shapes = new Map<string, PodShape>()

  of(spec: PodSpec): PodShape {
    const key = JSON.stringify([spec.nodeSelector, spec.affinity?.nodeAffinity, spec.tolerations, spec.nodeName])
    const known = this.#shapes.get(key)
    if (known !== undefined) return known
    const shape = new PodShape(spec)
    if (this.#shapes.size >= MAX_SHAPES) {
      const [oldest] = this.#shapes.keys()
      if (oldest !== undefined) this.#shapes.delete(oldest)
    }
    this.#shapes.set(key, shape)
    return shape
  }
}
