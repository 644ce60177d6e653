import type { ObjectKey } from '../../objects/kube-object.ts'
import { matchesLabels, selectorFromSpec } from '../../objects/label-selector.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Condition, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../resources/generated/types.ts'
import { formatTime } from '../../words/instant.ts'
import type { Instant } from '../../words/instant.ts'
import { forbidden, isStatus, StatusError } from '../../words/status-error.ts'
import type { ObjectReader } from '../access.ts'

/** More evictions than this that the controller has not confirmed yet: something is wrong with it. */
const MAX_DISRUPTED_PODS = 2000
const RETRY_SECONDS = 10
const BUDGETS = { group: 'policy', resource: 'poddisruptionbudget' }
const NO_STATUS: PodDisruptionBudgetStatus = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }

/** The budgets that count a pod. */
export function budgetsOf(reader: ObjectReader, pod: Pod): PodDisruptionBudget[] {
  return reader.list(kinds.PodDisruptionBudget, pod.metadata.namespace ?? '').filter(({ spec }) => {
    try {
      return matchesLabels(selectorFromSpec(spec?.selector), pod.metadata.labels)
    } catch (error) {
      if (isStatus(error, 'BadRequest')) return false
      throw error
    }
  })
}

/**
 * Whether a pod that is not ready may go without being counted (KEP-3017): it serves nobody, so that the budget is about the others
 * only. By default they must be enough.
 */
export function mayIgnore({ spec, status = NO_STATUS }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  return status.desiredHealthy > 0 && status.currentHealthy >= status.desiredHealthy
}

/** Takes one from what the budget allows, or says why that cannot be: 429, to be tried again later. */
export function takeOne(budget: PodDisruptionBudget, pod: ObjectKey, now: Instant): PodDisruptionBudget {
  const { metadata: { name = '', generation = 0 }, status = NO_STATUS } = budget
  if ((status.observedGeneration ?? 0) < generation) throw stillProcessed(name)
  if (status.disruptionsAllowed < 0) throw forbidden(BUDGETS, name, 'pdb disruptions allowed is negative')
  if (Object.keys(status.disruptedPods ?? {}).length > MAX_DISRUPTED_PODS) {
    throw forbidden(BUDGETS, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  }
  if (status.disruptionsAllowed === 0) {
    const { desiredHealthy, currentHealthy } = status
    throw refusal(0, `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`)
  }
  const allowed = status.disruptionsAllowed - 1
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: allowed,
      // The controller does not count the pod any more, although it is still there.
      disruptedPods: { ...status.disruptedPods, [pod.name]: formatTime(now) },
      ...(allowed === 0 ? { conditions: withoutAllowance(status.conditions ?? [], generation, now) } : {}),
    },
  }
}

/** 429 without a time of its own for "later": the budget's controller has to look first. */
export function stillProcessed(name: string): StatusError {
  return refusal(RETRY_SECONDS, `The disruption budget ${name} is still being processed by the server.`)
}

function refusal(retryAfterSeconds: number, message: string): StatusError {
  const details = { retryAfterSeconds, causes: [{ reason: 'DisruptionBudget', message }] }
  return new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", details)
}

function withoutAllowance(conditions: readonly Condition[], generation: number, now: Instant): Condition[] {
  const index = conditions.findIndex(({ type }) => type === 'DisruptionAllowed')
  const before = conditions[index]
  const condition: Condition = {
    type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '', observedGeneration: generation,
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : formatTime(now),
  }
  return before === undefined ? [...conditions, condition] : conditions.with(index, condition)
}
