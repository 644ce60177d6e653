import type { Container, LimitRange, Pod } from '../../resources/generated/types.ts'

const ANNOTATION = 'kubernetes.io/limit-ranger'

type Amounts = Record<string, string>

/** Gives the draft of a pod the limits and requests that its containers leave open, and tells of it in an annotation. */
export function applyLimitDefaults(pod: Pod, limitRanges: readonly LimitRange[]): void {
  for (const limitRange of limitRanges) {
    const limits: Amounts = {}
    const requests: Amounts = {}
    for (const item of limitRange.spec?.limits ?? []) {
      if (item.type !== 'Container') continue
      Object.assign(limits, item.default)
      Object.assign(requests, item.defaultRequest)
    }
    const told = [
      ...(pod.spec?.containers ?? []).flatMap((container) => fill(container, 'container', limits, requests)),
      ...(pod.spec?.initContainers ?? []).flatMap((container) => fill(container, 'init container', limits, requests)),
    ]
    if (told.length === 0) continue
    pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${told.join('; ')}` }
  }
}

/** cpu, memory request for container web */
function fill(container: Container, what: string, limits: Amounts, requests: Amounts): readonly string[] {
  const told: string[] = []
  const filled = { requests: missing(requests, container.resources?.requests), limits: missing(limits, container.resources?.limits) }
  for (const list of ['requests', 'limits'] as const) {
    const names = Object.keys(filled[list]).sort()
    if (names.length === 0) continue
    container.resources = { ...container.resources, [list]: { ...container.resources?.[list], ...filled[list] } }
    told.push(`${names.join(', ')} ${list.slice(0, -1)} for ${what} ${container.name}`)
  }
  return told
}

function missing(wanted: Amounts, given: Amounts | undefined): Amounts {
  const left: Amounts = {}
  for (const name in wanted) if (given?.[name] === undefined) left[name] = wanted[name] ?? ''
  return left
}
