import { keyText } from '../objects/kube-object.ts'
import type { StatusError } from '../words/status-error.ts'
import type { Action } from './controller.ts'
import type { Fence } from './fence.ts'
import type { Outcome, Request } from './perform.ts'
import { requestKey } from './perform.ts'

export type EventAction = Extract<Action, { readonly verb: 'event' }>

/** A request and the events that tell of its success. */
interface Step {
  readonly request: Request
  readonly events: readonly EventAction[]
}

export interface PlanResult {
  readonly fences: readonly Fence[]
  /** How many requests the server answered with success. */
  readonly done: number
  readonly stopped: { readonly outcome: 'stale' | 'refused'; readonly action: Request; readonly error: StatusError } | undefined
  readonly abandoned: boolean
}

const MAX_BATCH = 32

/** Performs the actions of a plan in order, neighbouring creates and deletes of one kind in growing batches. */
export async function performPlan(
  actions: readonly Action[],
  perform: (request: Request) => Promise<Outcome>,
  record: (event: EventAction) => void,
): Promise<PlanResult> {
  const { first, steps } = stepsOf(actions)
  for (const event of first) record(event)
  const fences: Fence[] = []
  let done = 0
  for (const batch of batchesOf(steps)) {
    const outcomes = await Promise.all(batch.map((step) => perform(step.request)))
    let stopped: PlanResult['stopped']
    for (const [index, step] of batch.entries()) {
      const outcome = outcomes[index]
      if (outcome === undefined || outcome.outcome === 'abandoned') return { fences, done, stopped: undefined, abandoned: true }
      if (outcome.outcome !== 'refused') fences.push(...outcome.fences)
      if (outcome.outcome === 'done') {
        done += 1
        for (const event of step.events) record(event)
      } else if (stopped === undefined || outcome.outcome === 'refused') {
        stopped = { outcome: outcome.outcome, action: step.request, error: outcome.error }
      }
    }
    if (stopped !== undefined) return { fences, done, stopped, abandoned: false }
  }
  return { fences, done, stopped: undefined, abandoned: false }
}

function stepsOf(actions: readonly Action[]): { first: readonly EventAction[]; steps: readonly Step[] } {
  const first: EventAction[] = []
  const steps: { request: Request; events: EventAction[] }[] = []
  for (const action of actions) {
    if (action.verb !== 'event') steps.push({ request: action, events: [] })
    else (steps.at(-1)?.events ?? first).push(action)
  }
  return { first, steps }
}

/** [create pod] x 7, [update replicaset] -> batches of 1, 2, 4 creates, then the update alone. */
function* batchesOf(steps: readonly Step[]): Generator<readonly Step[]> {
  let start = 0
  let size = 1
  while (start < steps.length) {
    let end = start + 1
    while (end < start + size && runsTogether(steps[start], steps[end])) end += 1
    yield steps.slice(start, end)
    size = runsTogether(steps[end - 1], steps[end]) ? Math.min(size * 2, MAX_BATCH) : 1
    start = end
  }
}

function runsTogether(a: Step | undefined, b: Step | undefined): boolean {
  if (a === undefined || b === undefined || a.request.verb !== b.request.verb) return false
  if (a.request.verb === 'expect-none') return true
  if (a.request.kind !== b.request.kind) return false
  return a.request.verb === 'create' || a.request.verb === 'delete'
}

/** For people: create pods shop/web-x7k2p. */
export function requestText(request: Request): string {
  return `${request.verb} ${request.kind.plural} ${keyText(requestKey(request))}`
}
