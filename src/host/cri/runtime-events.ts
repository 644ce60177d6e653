import type { Clock, Log } from '../../words/ports.ts'
import { sleep } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { CriClient } from './cri-client.ts'
import { taskEvent, taskExit } from './event-messages.ts'
import type { Envelope } from './event-messages.ts'
import { decodeMessage } from './protobuf.ts'

/** A start is known to who started it. Exec'd processes exit too; they are left out by their ids. */
const FILTER = 'namespace==k8s.io,topic~="^/tasks/(exit|oom)$"'
const RETRY_FIRST_MS = 100
const RETRY_LIMIT_MS = 5000
const SETTLE_MS = 50

export interface RuntimeEvent {
  readonly containerId: string
  readonly topic: 'exit' | 'oom'
}

export interface EventListener {
  onEvent(event: RuntimeEvent): void
  /** Events may have been missed: look at everything. Also once at the start. */
  onGap(): void
}

export interface EventOptions {
  readonly client: CriClient
  readonly clock: Clock
  readonly log: Log
}

/** Follows containerd's events until the signal aborts; subscribes again whenever the stream broke. */
export async function followRuntimeEvents(options: EventOptions, listener: EventListener, signal: AbortSignal): Promise<void> {
  let delayMs = RETRY_FIRST_MS
  while (!signal.aborted) {
    const stream = subscribe(options, listener, signal)
    const settled = reportGap(options, listener, signal).then((answered) => {
      if (answered) delayMs = RETRY_FIRST_MS
    })
    await stream
    await settled
    if (signal.aborted) return
    await sleep(options.clock, delayMs, signal)
    delayMs = Math.min(delayMs * 2, RETRY_LIMIT_MS)
  }
}

async function subscribe(options: EventOptions, listener: EventListener, signal: AbortSignal): Promise<void> {
  try {
    await options.client.subscribe([FILTER], {
      onOpen() {},
      onMessage(envelope) {
        const event = eventOf(envelope)
        if (event !== undefined) listener.onEvent(event)
      },
    }, signal)
  } catch (error) {
    if (!signal.aborted) options.log.debug('the event stream of containerd broke', { error: thrownMessage(error) })
  }
}

/**
 * containerd does not say when a subscription is in place (it answers with the first event). A call that was sent after it on
 * the same connection and has been answered, and a moment more, is as good: what happens later is seen as an event.
 */
async function reportGap(options: EventOptions, listener: EventListener, signal: AbortSignal): Promise<boolean> {
  const answered = await options.client.version({ version: 'v1' }, { timeoutMs: 5000, signal }).then(() => true, () => false)
  if (!answered) return false
  await sleep(options.clock, SETTLE_MS, signal)
  if (!signal.aborted) listener.onGap()
  return true
}

function eventOf(envelope: Envelope): RuntimeEvent | undefined {
  const value = envelope.event?.value
  const topic = envelope.topic.slice('/tasks/'.length)
  if (value === undefined) return undefined
  switch (topic) {
    case 'exit': {
      const exit = decodeMessage(taskExit, value)
      return exit.id === exit.containerId ? { containerId: exit.containerId, topic } : undefined
    }
    case 'oom':
      return { containerId: decodeMessage(taskEvent, value).containerId, topic }
    default:
      return undefined
  }
}
