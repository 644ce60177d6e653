import { counter, gauge } from '../apiserver/metrics/metric-family.ts'
import type { MetricSource } from '../apiserver/metrics/metric-family.ts'
import type { Executor } from '../reconcile/executor.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'

/** What controllers have to do, as upstream counts its work queues. */
export function workQueueMetrics(executor: Executor): MetricSource {
  return () => {
    const queues = executor.queues()
    return [
      gauge('workqueue_depth', 'Keys that wait for their turn.', queues.map(({ name, depth }) => [{ name }, depth] as const)),
      counter('workqueue_adds_total', 'Keys that were queued.', queues.map(({ name, adds }) => [{ name }, adds] as const)),
      counter('workqueue_retries_total', 'Keys that wait for a retry.', queues.map(({ name, retries }) => [{ name }, retries] as const)),
    ]
  }
}

export function schedulerMetrics(scheduler: Scheduler): MetricSource {
  return () => {
    const { active, delayed, parked } = scheduler.pending()
    return [
      gauge('scheduler_pending_pods', 'Pods that wait, by what they wait for.', [
        [{ queue: 'active' }, active], [{ queue: 'backoff' }, delayed], [{ queue: 'unschedulable' }, parked],
      ]),
      counter('scheduler_schedule_attempts_total', 'Decisions about pods, by result.',
        Object.entries(scheduler.counts).map(([result, count]) => [{ profile: 'default-scheduler', result }, count] as const)),
    ]
  }
}
