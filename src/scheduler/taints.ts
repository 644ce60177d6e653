import type { Node, PodSpec, Taint, Toleration } from '../resources/generated/types.ts'

/** The first taint that keeps the pod off the node; undefined when it may run there. */
export function untoleratedTaint(spec: PodSpec, node: Node): Taint | undefined {
  return node.spec?.taints?.find((taint) => taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, spec.tolerations))
}

/** How many PreferNoSchedule taints the pod does not tolerate: fewer is better. */
export function countUnpreferredTaints(spec: PodSpec, node: Node): number {
  return node.spec?.taints?.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, spec.tolerations)).length ?? 0
}

function isTolerated(taint: Taint, tolerations: readonly Toleration[] | undefined): boolean {
  return tolerations?.some((toleration) => tolerates(toleration, taint)) === true
}

/** An empty effect tolerates all effects; an empty key with Exists tolerates all taints. */
function tolerates(toleration: Toleration, taint: Taint): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false
  if (toleration.operator === 'Exists') return true
  return (toleration.key ?? '') !== '' && (toleration.value ?? '') === (taint.value ?? '')
}

/** As upstream's scheduler writes it: {key: value}. */
export function taintText(taint: Taint): string {
  return `{${taint.key}: ${taint.value ?? ''}}`
}
