import type { ContainerStatus, Pod } from '../resources/generated/types.ts'

interface Tally {
  readonly waiting: number
  readonly running: number
  readonly stopped: number
  readonly succeeded: number
  readonly unknown: number
}

/** The phase that containers add up to. isOver: none of them runs and none will start again. */
export function podPhase(pod: Pod, statuses: ReadonlyMap<string, ContainerStatus>, isOver: boolean): string {
  const restartPolicy = pod.spec?.restartPolicy ?? 'Always'
  const init = initProgress(pod, statuses)
  if (init === 'failed' && restartPolicy === 'Never') return 'Failed'
  const tally = tallyOf((pod.spec?.containers ?? []).map(({ name }) => statuses.get(name)))
  if (init !== 'done' && tally.running + tally.stopped === 0) return 'Pending'
  if (tally.waiting > 0) return 'Pending'
  if (tally.unknown > 0) return 'Pending'
  if (tally.running > 0) return 'Running'
  if (tally.stopped === 0) return 'Pending'
  if (isOver) return tally.stopped === tally.succeeded ? 'Succeeded' : 'Failed'
  return 'Running'
}

function initProgress(pod: Pod, statuses: ReadonlyMap<string, ContainerStatus>): 'done' | 'pending' | 'failed' {
  let progress: 'done' | 'pending' = 'done'
  for (const { name, restartPolicy } of pod.spec?.initContainers ?? []) {
    const status = statuses.get(name)
    if (restartPolicy === 'Always') {
      if (status?.started !== true) progress = 'pending'
      continue
    }
    const end = status?.state?.terminated ?? (status?.state?.waiting === undefined ? undefined : status.lastState?.terminated)
    if (end !== undefined && end.exitCode !== 0) return 'failed'
    if (end === undefined || status?.state?.terminated === undefined) progress = 'pending'
  }
  return progress
}

function tallyOf(statuses: readonly (ContainerStatus | undefined)[]): Tally {
  const tally = { waiting: 0, running: 0, stopped: 0, succeeded: 0, unknown: 0 }
  for (const status of statuses) {
    if (status === undefined) tally.unknown++
    else if (status.state?.running !== undefined) tally.running++
    else if (status.state?.terminated !== undefined) {
      tally.stopped++
      if (status.state.terminated.exitCode === 0) tally.succeeded++
    } else if (status.lastState?.terminated !== undefined) tally.stopped++
    else tally.waiting++
  }
  return tally
}
