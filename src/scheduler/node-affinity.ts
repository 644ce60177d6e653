import type { Node, NodeAffinity, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from '../resources/generated/types.ts'

type Labels = Readonly<Record<string, string>>

/** nodeSelector and requiredDuringSchedulingIgnoredDuringExecution: both must hold. */
export function matchesNodeSelection(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, node))
}

/** The sum of the weights of the preferred terms that the node matches. */
export function preferenceWeight(affinity: NodeAffinity | undefined, node: Node): number {
  let weight = 0
  for (const preferred of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
    if (matchesTerm(preferred.preference, node)) weight += preferred.weight
  }
  return weight
}

/** A term without any requirement matches nothing, as the API documents. */
function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length === 0 && fields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  return expressions.every((requirement) => matchesRequirement(requirement, labels))
    && fields.every((requirement) => matchesRequirement(requirement, { 'metadata.name': node.metadata.name ?? '' }))
}

function matchesRequirement(requirement: NodeSelectorRequirement, labels: Labels): boolean {
  // Own ones only: every object has a constructor.
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
  const values = requirement.values ?? []
  switch (requirement.operator) {
    case 'In': return value !== undefined && values.includes(value)
    case 'NotIn': return value === undefined || !values.includes(value)
    case 'Exists': return value !== undefined
    case 'DoesNotExist': return value === undefined
    case 'Gt': return isWhole(value) && isWhole(values[0]) && Number(value) > Number(values[0])
    case 'Lt': return isWhole(value) && isWhole(values[0]) && Number(value) < Number(values[0])
    default: return false
  }
}

function isWhole(text: string | undefined): boolean {
  return text !== undefined && /^-?\d+$/.test(text)
}
