import { runHook } from './lifecycle-hooks.ts'
import type { ActionParts, ActionSubject } from './perform-action.ts'
import { containerPath } from './perform-action.ts'
import type { Outcome } from './pod-memory.ts'
import type { StopContainer } from './pod-plan.ts'
import { containerNamed } from './pod-containers.ts'

/** What a container has left after a preStop hook that used all of the grace period. */
const LEAST_GRACE_SECONDS = 2

/** The preStop hook within the grace period, then SIGTERM with the rest of it, then SIGKILL. */
export async function stopContainer(
  parts: ActionParts, { pod, actual }: ActionSubject, action: StopContainer, signal: AbortSignal,
): Promise<Outcome> {
  const fieldPath = containerPath(pod, action.name)
  parts.events.record(pod, { type: 'Normal', reason: 'Killing', message: action.message, fieldPath })
  const container = containerNamed(pod, action.name)
  const hook = container?.lifecycle?.preStop
  let graceSeconds = action.graceSeconds
  if (action.preStop && hook !== undefined && container !== undefined && graceSeconds > 0) {
    const startedAt = parts.clock.now()
    const address = pod.spec?.hostNetwork === true ? (parts.facts.addresses[0] ?? '') : (actual?.sandboxes[0]?.addresses[0] ?? '')
    const problem = await runHook(parts, hook, container, action.containerId, address, graceSeconds * 1000, signal)
    signal.throwIfAborted()
    const failed = { type: 'Warning', reason: 'FailedPreStopHook', message: 'PreStopHook failed', fieldPath } as const
    if (problem !== undefined) parts.events.record(pod, failed)
    graceSeconds = Math.max(LEAST_GRACE_SECONDS, graceSeconds - Math.floor((parts.clock.now() - startedAt) / 1000))
  }
  await parts.runtime.perform({ type: 'stop-container', containerId: action.containerId, graceSeconds }, signal)
  return { ok: true }
}
