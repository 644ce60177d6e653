import { compareQuantities, formatQuantity, quantityToMilli } from '../../objects/quantity.ts'
import type { Quantity } from '../../objects/quantity.ts'
import type { LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../resources/generated/types.ts'
import { containerTotals } from '../pod-resources/pod-totals.ts'
import { quantitiesOf } from '../pod-resources/quantities.ts'
import type { ReadonlyQuantities } from '../pod-resources/quantities.ts'

/** What is asked for, and up to what it may grow. */
interface Usage {
  readonly requests: ReadonlyQuantities
  readonly limits: ReadonlyQuantities
}

/** Why a pod does not fit into a LimitRange, in one text; undefined where it does. */
export function podLimitProblem(pod: Pod, limitRange: LimitRange): string | undefined {
  const { spec } = pod
  if (spec === undefined) return undefined
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const problems = (limitRange.spec?.limits ?? []).flatMap((item) => {
    if (item.type === 'Pod') {
      return problemsOf(item, { requests: containerTotals(spec, 'requests'), limits: containerTotals(spec, 'limits') })
    }
    if (item.type !== 'Container') return []
    return containers.flatMap(({ resources }) =>
      problemsOf(item, { requests: quantitiesOf(resources?.requests), limits: quantitiesOf(resources?.limits) }))
  })
  return problemText(problems)
}

/** Of a claim only the request counts: there is nothing that it could grow to by itself. */
export function claimLimitProblem(claim: PersistentVolumeClaim, limitRange: LimitRange): string | undefined {
  const requests = quantitiesOf(claim.spec?.resources?.requests)
  const problems = (limitRange.spec?.limits ?? []).filter(({ type }) => type === 'PersistentVolumeClaim').flatMap((item) => [
    ...each(item.min, (name, bound) => minProblem(item.type, name, bound, { requests, limits: new Map() })),
    ...each(item.max, (name, bound) => maxRequestProblem(item.type, name, bound, requests)),
  ])
  return problemText(problems)
}

function problemsOf(item: LimitRangeItem, usage: Usage): readonly string[] {
  return [
    ...each(item.min, (name, bound) => minProblem(item.type, name, bound, usage)),
    ...each(item.max, (name, bound) => maxProblem(item.type, name, bound, usage)),
    ...each(item.maxLimitRequestRatio, (name, bound) => ratioProblem(item.type, name, bound, usage)),
  ]
}

function each(
  bounds: Record<string, string> | undefined, problem: (name: string, bound: Quantity) => string | undefined,
): readonly string[] {
  if (bounds === undefined) return []
  return [...quantitiesOf(bounds)].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, bound]) => problem(name, bound) ?? [])
}

function minProblem(type: string, name: string, bound: Quantity, { requests, limits }: Usage): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)]
  const least = `minimum ${name} usage per ${type} is ${formatQuantity(bound)}`
  if (request === undefined) return `${least}.  No request is specified`
  if (compareQuantities(request, bound) < 0) return `${least}, but request is ${formatQuantity(request)}`
  return limit !== undefined && compareQuantities(limit, bound) < 0 ? `${least}, but limit is ${formatQuantity(limit)}` : undefined
}

function maxProblem(type: string, name: string, bound: Quantity, { requests, limits }: Usage): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)]
  const most = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`
  if (limit === undefined) return `${most}.  No limit is specified`
  if (compareQuantities(limit, bound) > 0) return `${most}, but limit is ${formatQuantity(limit)}`
  return request !== undefined && compareQuantities(request, bound) > 0 ? `${most}, but request is ${formatQuantity(request)}` : undefined
}

function maxRequestProblem(type: string, name: string, bound: Quantity, requests: ReadonlyQuantities): string | undefined {
  const request = requests.get(name)
  const most = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`
  if (request === undefined) return `${most}.  No request is specified`
  return compareQuantities(request, bound) > 0 ? `${most}, but request is ${formatQuantity(request)}` : undefined
}

function ratioProblem(type: string, name: string, bound: Quantity, { requests, limits }: Usage): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)]
  const most = `${name} max limit to request ratio per ${type} is ${formatQuantity(bound)}`
  if (request === undefined || request.nanos === 0n) return `${most}, but no request is specified or request is 0`
  if (limit === undefined || limit.nanos === 0n) return `${most}, but no limit is specified or limit is 0`
  const ratio = quantityToMilli(limit) / quantityToMilli(request)
  return ratio * 1000 > quantityToMilli(bound) ? `${most}, but provided ratio is ${ratio.toFixed(6)}` : undefined
}

/** One problem as it is, several in brackets, each once. */
function problemText(problems: readonly string[]): string | undefined {
  const different = [...new Set(problems)]
  if (different.length === 0) return undefined
  return different.length === 1 ? different[0] : `[${different.join(', ')}]`
}
