import type { Node, NodeAffinity, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from '../resources/generated/types.ts'
import { labelValue } from '../objects/label-value.ts'
import { expressionHolds } from '../objects/selects.ts'

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
  const value = labelValue(labels, requirement.key)
  const bound = requirement.values?.[0]
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
    case 'Exists':
    case 'DoesNotExist': return expressionHolds(requirement, labels)
    case 'Gt': return isWhole(value) && isWhole(bound) && Number(value) > Number(bound)
    case 'Lt': return isWhole(value) && isWhole(bound) && Number(value) < Number(bound)
    default: return false
  }
}

function isWhole(text: string | undefined): boolean {
  return text !== undefined && /^-?\d+$/.test(text)
}
