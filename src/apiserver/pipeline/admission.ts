import { StatusError } from '../../words/status-error.ts'
import type { AdmissionRequest, MutationRound, Mutator, ObjectReader, Validator, Verdict } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'
import type { AdmissionMetrics, PluginTimes } from '../metrics/admission-metrics.ts'
import type { WriteObserver } from '../route.ts'
import { unshare } from './fresh-draft.ts'

interface WarningListener {
  warn(message: string): void
}

export interface AdmissionStages {
  readonly mutators: readonly Mutator[]
  /** After the mutators, and once only: what the server itself gives to objects. */
  readonly completers?: readonly Mutator[]
  readonly validators: readonly Validator[]
  readonly observers: readonly WriteObserver[]
  readonly reader: ObjectReader
  readonly metrics: AdmissionMetrics
}

/** What a pass over the mutators has seen so far. */
const NOTHING = 0
/** Some mutator had something to say: the draft may be another one. */
const ASKED = 1
/** One of those that users bring has changed it: all have their say once more. */
const CHANGED = 2

/** The mutate and admit stages: asks what was plugged in, in its order. */
export class Admission {
  readonly #stages: AdmissionStages
  readonly #mutatorTimes: PluginTimes
  readonly #validatorTimes: PluginTimes

  constructor(stages: AdmissionStages) {
    this.#stages = stages
    this.#mutatorTimes = stages.metrics.plugins('admit', stages.mutators.map(({ name }) => name))
    this.#validatorTimes = stages.metrics.plugins('validate', stages.validators.map(({ name }) => name))
  }

  /** Whether anything may have changed the draft. What is no promise costs no turn of the event loop. */
  mutate(request: AdmissionRequest): boolean | Promise<boolean> {
    const { metrics } = this.#stages
    const startedAt = metrics.now()
    let seen: number | Promise<number>
    try {
      seen = this.#mutateFrom(request, 'first', 0, NOTHING)
    } catch (error) {
      metrics.observe('admit', request.operation, startedAt, 'rejected')
      throw error
    }
    if (typeof seen !== 'number') return this.#mutated(request, seen, startedAt)
    metrics.observe('admit', request.operation, startedAt, 'admitted')
    return seen !== NOTHING
  }

  async #mutated(request: AdmissionRequest, pending: Promise<number>, startedAt: number): Promise<boolean> {
    const { metrics } = this.#stages
    try {
      const seen = await pending
      metrics.observe('admit', request.operation, startedAt, 'admitted')
      return seen !== NOTHING
    } catch (error) {
      metrics.observe('admit', request.operation, startedAt, 'rejected')
      throw error
    }
  }

  #mutateFrom(request: AdmissionRequest, round: MutationRound, start: number, before: number): number | Promise<number> {
    const { mutators, metrics, reader } = this.#stages
    let seen = before
    let startedAt = metrics.now()
    let index = start
    try {
      for (; index < mutators.length; index++) {
        const mutator = mutators[index]
        if (mutator === undefined || !mutator.matches(request)) continue
        seen = asked(request, seen)
        const made = mutator.admit(request, reader, round)
        if (made instanceof Promise) return this.#mutateAfter(request, { made, round, index, seen, startedAt })
        if (made === 'changed') seen |= CHANGED
        startedAt = this.#mutatorTimes.observe(index, request.operation, startedAt, 'admitted')
      }
    } catch (error) {
      this.#mutatorTimes.observe(index, request.operation, startedAt, 'rejected')
      throw error
    }
    if (round === 'first' && (seen & CHANGED) !== 0) {
      metrics.noteAgain(request.operation)
      return this.#mutateFrom(request, 'again', 0, seen)
    }
    return this.#completeFrom(request, 0, seen)
  }

  async #mutateAfter(request: AdmissionRequest, { made, round, index, seen, startedAt }: Waiting): Promise<number> {
    let outcome: 'admitted' | 'rejected' = 'rejected'
    try {
      const isChanged = (await made) === 'changed'
      outcome = 'admitted'
      seen |= isChanged ? CHANGED : NOTHING
    } finally {
      this.#mutatorTimes.observe(index, request.operation, startedAt, outcome)
    }
    return this.#mutateFrom(request, round, index + 1, seen)
  }

  #completeFrom(request: AdmissionRequest, start: number, before: number): number | Promise<number> {
    const { completers = [], reader } = this.#stages
    let seen = before
    for (let index = start; index < completers.length; index++) {
      const completer = completers[index]
      if (completer === undefined || !completer.matches(request)) continue
      seen = asked(request, seen)
      const made = completer.admit(request, reader, 'first')
      if (made instanceof Promise) return made.then(() => this.#completeFrom(request, index + 1, seen))
    }
    return seen
  }

  validate(request: AdmissionRequest, listener: WarningListener): void | Promise<void> {
    const { metrics } = this.#stages
    const startedAt = metrics.now()
    let pending: void | Promise<void>
    try {
      pending = this.#validateFrom(request, listener, 0)
    } catch (error) {
      metrics.observe('validate', request.operation, startedAt, 'rejected')
      throw error
    }
    if (pending !== undefined) return this.#validated(request, pending, startedAt)
    metrics.observe('validate', request.operation, startedAt, 'admitted')
    return undefined
  }

  async #validated(request: AdmissionRequest, pending: Promise<void>, startedAt: number): Promise<void> {
    let outcome: 'admitted' | 'rejected' = 'rejected'
    try {
      await pending
      outcome = 'admitted'
    } finally {
      this.#stages.metrics.observe('validate', request.operation, startedAt, outcome)
    }
  }

  #validateFrom(request: AdmissionRequest, listener: WarningListener, start: number): void | Promise<void> {
    const { validators, metrics, reader } = this.#stages
    let startedAt = metrics.now()
    let index = start
    try {
      for (; index < validators.length; index++) {
        const validator = validators[index]
        if (validator === undefined || !validator.matches(request)) continue
        const verdict = validator.review(request, reader)
        if ('then' in verdict) return this.#validateAfter(request, listener, { verdict, index, startedAt })
        settleVerdict(request, verdict, listener)
        startedAt = this.#validatorTimes.observe(index, request.operation, startedAt, 'admitted')
      }
    } catch (error) {
      this.#validatorTimes.observe(index, request.operation, startedAt, 'rejected')
      throw error
    }
    return undefined
  }

  async #validateAfter(
    request: AdmissionRequest, listener: WarningListener,
    { verdict, index, startedAt }: { verdict: Promise<Verdict>; index: number; startedAt: number },
  ): Promise<void> {
    let outcome: 'admitted' | 'rejected' = 'rejected'
    try {
      settleVerdict(request, await verdict, listener)
      outcome = 'admitted'
    } finally {
      this.#validatorTimes.observe(index, request.operation, startedAt, outcome)
    }
    return this.#validateFrom(request, listener, index + 1)
  }

  settle(request: AdmissionRequest, outcome: 'stored' | 'not-stored'): void {
    for (const observer of this.#stages.observers) observer.settled(request, outcome)
  }
}

/** A pass that waits for one of its mutators. */
interface Waiting {
  readonly made: Promise<'changed' | void>
  readonly round: MutationRound
  readonly index: number
  seen: number
  readonly startedAt: number
}

/** Before the first of them the draft becomes its own: what it shares with the current object must not be changed. */
function asked(request: AdmissionRequest, seen: number): number {
  if (seen === NOTHING && request.object !== undefined && request.old !== undefined) unshare(request.object, request.old)
  return seen | ASKED
}

function settleVerdict(request: AdmissionRequest, verdict: Verdict, listener: WarningListener): void {
  if (!verdict.allowed) throw refusal(request, verdict.code, verdict.message)
  for (const warning of verdict.warnings) listener.warn(warning)
}

function refusal(request: AdmissionRequest, code: number, message: string): StatusError {
  if (code === 403) return forbiddenRequest(request, message)
  return new StatusError(
    code, code === 422 ? 'Invalid' : code === 429 ? 'TooManyRequests' : code === 409 ? 'Conflict' : 'BadRequest', message,
  )
}
