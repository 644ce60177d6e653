import type { NodeSelectorTerm } from '../../generated/types.ts'

interface Successor {
  readonly label: string
  readonly since: string
}

/** Labels of nodes that have got another name. */
const SUCCESSORS: Readonly<Record<string, Successor>> = {
  'beta.kubernetes.io/os': { label: 'kubernetes.io/os', since: 'v1.14' },
  'beta.kubernetes.io/arch': { label: 'kubernetes.io/arch', since: 'v1.14' },
  'beta.kubernetes.io/instance-type': { label: 'node.kubernetes.io/instance-type', since: 'v1.17' },
  'failure-domain.beta.kubernetes.io/zone': { label: 'topology.kubernetes.io/zone', since: 'v1.17' },
  'failure-domain.beta.kubernetes.io/region': { label: 'topology.kubernetes.io/region', since: 'v1.17' },
}

export function successorOf(label: string): string | undefined {
  return Object.hasOwn(SUCCESSORS, label) ? SUCCESSORS[label]?.label : undefined
}

/** deprecated since v1.14; use "kubernetes.io/os" instead */
export function labelDeprecation(label: string): string | undefined {
  const successor = Object.hasOwn(SUCCESSORS, label) ? SUCCESSORS[label] : undefined
  return successor && `deprecated since ${successor.since}; use "${successor.label}" instead`
}

export function termWarnings(path: string, terms: readonly (NodeSelectorTerm | undefined)[] | undefined): string[] {
  return (terms ?? []).flatMap((term, index) => (term?.matchExpressions ?? []).flatMap(({ key }, at) => {
    const problem = labelDeprecation(key)
    return problem === undefined ? [] : [`${path}[${index}].matchExpressions[${at}].key: ${key} is ${problem}`]
  }))
}
