import type { Container, LifecycleHandler } from '../resources/generated/types.ts'
import type { Clock } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'
import { httpTarget } from './probe-target.ts'
import type { Prober } from './prober.ts'
import type { NodeRuntime } from './runtime.ts'

export interface HookParts {
  readonly runtime: NodeRuntime
  readonly prober: Prober
  readonly clock: Clock
}

/** Runs a hook of a container; undefined when it did what it should, else what went wrong. */
export async function runHook(
  parts: HookParts, handler: LifecycleHandler, container: Container, containerId: string, address: string, timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (handler.exec !== undefined) {
    const command = handler.exec.command ?? []
    const outcome = await parts.runtime.exec(containerId, command, timeoutMs, signal)
    const title = `command ${JSON.stringify(command.join(' '))}`
    if (outcome.outcome === 'timed-out') return `${title} timed out`
    if (outcome.outcome === 'failed') return outcome.message
    return outcome.exitCode === 0 ? undefined : `${title} exited with ${outcome.exitCode}: ${outcome.output.slice(0, 1024)}`
  }
  if (handler.httpGet !== undefined) {
    const target = httpTarget(handler.httpGet, container, address)
    if (typeof target === 'string') return target
    const answer = await parts.prober.probe(target, timeoutMs, signal)
    return answer.outcome === 'success' ? undefined : answer.output
  }
  if (handler.sleep !== undefined) {
    await sleep(parts.clock, Math.min(Number(handler.sleep.seconds) * 1000, timeoutMs), signal)
    return undefined
  }
  return 'invalid handler: it has neither exec, httpGet nor sleep'
}
