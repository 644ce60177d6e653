import { histogramFamily } from '../apiserver/metrics/histogram-family.ts'
import { counter, gauge } from '../apiserver/metrics/metric-family.ts'
import type { MetricFamily, MetricSource } from '../apiserver/metrics/metric-family.ts'
import type { Executor } from '../reconcile/executor.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import type { SchedulerFigures } from '../scheduler/scheduler-figures.ts'

/** What controllers have to do, as upstream counts its work queues. */
export function workQueueMetrics(executor: Executor): MetricSource {
  return () => {
    const queues = executor.queues()
    return [
      gauge('workqueue_depth', 'Keys that wait for their turn.', queues.map(({ name, depth }) => [{ name }, depth] as const)),
      counter('workqueue_adds_total', 'Keys that were queued.', queues.map(({ name, adds }) => [{ name }, adds] as const)),
      counter('workqueue_retries_total', 'Keys that wait for a retry.', queues.map(({ name, retries }) => [{ name }, retries] as const)),
      histogramFamily('workqueue_queue_duration_seconds', 'Seconds that keys waited for their turn.',
        queues.map(({ name, queued }) => [{ name }, queued] as const)),
      histogramFamily('workqueue_work_duration_seconds', 'Seconds that planning a key and performing the plan took.',
        queues.map(({ name, worked }) => [{ name }, worked] as const)),
      gauge('workqueue_unfinished_work_seconds', 'Seconds that the plans under way have taken up to now, together.',
        queues.map(({ name, unfinished }) => [{ name }, unfinished.sum] as const)),
      gauge('workqueue_longest_running_processor_seconds', 'Seconds that the longest of the plans under way has taken up to now.',
        queues.map(({ name, unfinished }) => [{ name }, unfinished.longest] as const)),
    ]
  }
}

const profile = 'default-scheduler'

export function schedulerMetrics(scheduler: Scheduler): MetricSource {
  return () => {
    const { active, delayed, parked } = scheduler.pending()
    return [
      gauge('scheduler_pending_pods', 'Pods that wait, by what they wait for.', [
        [{ queue: 'active' }, active], [{ queue: 'backoff' }, delayed], [{ queue: 'unschedulable' }, parked],
      ]),
      ...figureFamilies(scheduler.figures),
    ]
  }
}

function figureFamilies({ counts, attempts, decisions, untilBound, attemptsUntilBound }: SchedulerFigures): readonly MetricFamily[] {
  const last = untilBound.length - 1
  return [
    counter('scheduler_schedule_attempts_total', 'Decisions about pods, by result.',
      Object.entries(counts).map(([result, count]) => [{ profile, result }, count] as const)),
    histogramFamily('scheduler_scheduling_attempt_duration_seconds', 'Seconds from a decision to its end, the binding too.',
      Object.entries(attempts).map(([result, seconds]) => [{ profile, result }, seconds] as const)),
    histogramFamily('scheduler_scheduling_algorithm_duration_seconds', 'Seconds that decisions took, without bindings.', [[{}, decisions]]),
    histogramFamily('scheduler_pod_scheduling_sli_duration_seconds', 'Seconds from the first attempt of a pod to its binding.',
      untilBound.map((seconds, index) => [{ attempts: `${index + 1}${index === last ? '+' : ''}` }, seconds] as const)),
    histogramFamily('scheduler_pod_scheduling_attempts', 'How many attempts pods needed.', [[{}, attemptsUntilBound]]),
  ]
}
