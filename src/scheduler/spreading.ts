import { matchesLabels, selectorFromSpec, type LabelSelectorSpec } from '../objects/label-selector.ts'
import { controllerOf } from '../objects/kube-object.ts'
import type { Pod, TopologySpreadConstraint } from '../resources/generated/types.ts'
import { labelValue } from '../objects/label-value.ts'

const MAX_GROUPS = 512
export const HOSTNAME_LABEL = 'kubernetes.io/hostname'

/** Pods that are counted together: those that a selector matches in a namespace, or those of one owner. */
interface Group {
  matches(pod: Pod): boolean
  /** How many of them each slot has. */
  readonly counts: number[]
}

interface Placed {
  readonly pod: Pod
  readonly slot: number
}

/**
 * Counts matching pods per node. A group is counted from all placed pods when it is first asked for and kept up to date afterwards, so that
 * placing 5,000 pods under a constraint costs a few additions each.
 */
export class SpreadIndex {
  readonly #groups = new Map<string, Group>()
  readonly #byNamespace = new Map<string, Map<string, Placed>>()
  readonly #labels: (Readonly<Record<string, string>> | undefined)[] = []

  setNode(slot: number, labels: Readonly<Record<string, string>>): void {
    this.#labels[slot] = labels
  }

  removeNode(slot: number): void {
    this.#labels[slot] = undefined
  }

  place(placed: Placed): void {
    const namespace = placed.pod.metadata.namespace ?? ''
    const pods = this.#byNamespace.get(namespace) ?? new Map<string, Placed>()
    this.#byNamespace.set(namespace, pods)
    pods.set(placed.pod.metadata.uid ?? '', placed)
    this.#add(placed, 1)
  }

  remove(placed: Placed): void {
    this.#byNamespace.get(placed.pod.metadata.namespace ?? '')?.delete(placed.pod.metadata.uid ?? '')
    this.#add(placed, -1)
  }

  /** The value of a topology label on a slot's node. */
  topologyValue(slot: number, key: string): string | undefined {
    return labelValue(this.#labels[slot], key)
  }

  /** Matching pods per slot for a constraint of this pod. */
  countsForConstraint(pod: Pod, constraint: TopologySpreadConstraint): readonly number[] {
    const selector = constraintSelector(pod, constraint)
    const namespace = pod.metadata.namespace ?? ''
    return this.#group(`selector\n${namespace}\n${JSON.stringify(selector)}`, namespace, () => {
      const compiled = selectorFromSpec(selector)
      return (other) => other.metadata.deletionTimestamp === undefined && matchesLabels(compiled, other.metadata.labels)
    })
  }

  /** Pods per slot that have the same controller; undefined where the pod has none. */
  countsForOwner(pod: Pod): readonly number[] | undefined {
    const owner = controllerOf(pod)
    if (owner === undefined) return undefined
    return this.#group(`owner\n${owner.uid}`, pod.metadata.namespace ?? '', () => (other) => controllerOf(other)?.uid === owner.uid)
  }

  #group(key: string, namespace: string, makeMatch: () => (pod: Pod) => boolean): readonly number[] {
    const known = this.#groups.get(key)
    if (known !== undefined) return known.counts
    const match = makeMatch()
    const group: Group = { matches: (pod) => pod.metadata.namespace === namespace && match(pod), counts: [] }
    for (const { pod, slot } of this.#byNamespace.get(namespace)?.values() ?? []) {
      if (group.matches(pod)) addAt(group.counts, slot, 1)
    }
    if (this.#groups.size >= MAX_GROUPS) {
      const [oldest] = this.#groups.keys()
      if (oldest !== undefined) this.#groups.delete(oldest)
    }
    this.#groups.set(key, group)
    return group.counts
  }

  #add({ pod, slot }: Placed, amount: 1 | -1): void {
    for (const group of this.#groups.values()) {
      if (group.matches(pod)) addAt(group.counts, slot, amount)
    }
  }
}

/** Without holes: the engine reads such a list ten times as fast. */
function addAt(counts: number[], slot: number, amount: number): void {
  while (counts.length <= slot) counts.push(0)
  counts[slot] = (counts[slot] ?? 0) + amount
}

/** matchLabelKeys add the pod's own values of those labels (KEP-3243). */
function constraintSelector(pod: Pod, constraint: TopologySpreadConstraint): LabelSelectorSpec | undefined {
  const labels = pod.metadata.labels ?? {}
  const fromKeys = (constraint.matchLabelKeys ?? []).flatMap((key) =>
    labels[key] === undefined ? [] : [{ key, operator: 'In', values: [labels[key]] }]
  )
  const selector = constraint.labelSelector
  if (selector === undefined) return undefined
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...fromKeys] }
}

/** Matching pods per domain, over the slots that count. */
export function countDomains(index: SpreadIndex, key: string, counts: readonly number[], slots: readonly number[]): Map<string, number> {
  const domains = new Map<string, number>()
  for (const slot of slots) {
    const value = index.topologyValue(slot, key)
    if (value !== undefined) domains.set(value, (domains.get(value) ?? 0) + (counts[slot] ?? 0))
  }
  return domains
}
