import { StatusError } from '../../words/status-error.ts'
import { forbidden } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator, ObjectReader, Validator, Verdict } from '../access.ts'
import type { AdmissionMetrics } from '../metrics/admission-metrics.ts'
import type { WriteObserver } from '../route.ts'
import { unshare } from './fresh-draft.ts'

interface WarningListener {
  warn(message: string): void
}

/** The mutate and admit stages: asks what was plugged in, in its order. */
export class Admission {
  readonly #mutators: readonly Mutator[]
  readonly #validators: readonly Validator[]
  readonly #observers: readonly WriteObserver[]
  readonly #reader: ObjectReader
  readonly #metrics: AdmissionMetrics

  constructor(parts: {
    mutators: readonly Mutator[]; validators: readonly Validator[]; observers: readonly WriteObserver[]; reader: ObjectReader; metrics: AdmissionMetrics
  }) {
    this.#mutators = parts.mutators
    this.#validators = parts.validators
    this.#observers = parts.observers
    this.#reader = parts.reader
    this.#metrics = parts.metrics
  }

  /** Whether anything may have changed the draft. What is no promise costs no turn of the event loop. */
  mutate(request: AdmissionRequest): boolean | Promise<boolean> {
    return this.#metrics.measure('admit', request.operation, () => this.#mutateFrom(request, 0, false))
  }

  #mutateFrom(request: AdmissionRequest, start: number, askedBefore: boolean): boolean | Promise<boolean> {
    let asked = askedBefore
    for (let index = start; index < this.#mutators.length; index++) {
      const mutator = this.#mutators[index]
      if (mutator === undefined || !mutator.matches(request)) continue
      if (!asked && request.object !== undefined && request.old !== undefined) unshare(request.object, request.old)
      asked = true
      const pending = mutator.admit(request, this.#reader)
      if (pending !== undefined) return pending.then(() => this.#mutateFrom(request, index + 1, true))
    }
    return asked
  }

  validate(request: AdmissionRequest, listener: WarningListener): void | Promise<void> {
    return this.#metrics.measure('validate', request.operation, () => this.#validateFrom(request, listener, 0))
  }

  #validateFrom(request: AdmissionRequest, listener: WarningListener, start: number): void | Promise<void> {
    for (let index = start; index < this.#validators.length; index++) {
      const validator = this.#validators[index]
      if (validator === undefined || !validator.matches(request)) continue
      const verdict = validator.review(request, this.#reader)
      if ('then' in verdict) {
        return verdict.then((later) => {
          settleVerdict(request, later, listener)
          return this.#validateFrom(request, listener, index + 1)
        })
      }
      settleVerdict(request, verdict, listener)
    }
    return undefined
  }

  settle(request: AdmissionRequest, outcome: 'stored' | 'not-stored'): void {
    for (const observer of this.#observers) observer.settled(request, outcome)
  }
}

function settleVerdict(request: AdmissionRequest, verdict: Verdict, listener: WarningListener): void {
  if (!verdict.allowed) throw refusal(request, verdict.code, verdict.message)
  for (const warning of verdict.warnings) listener.warn(warning)
}

function refusal(request: AdmissionRequest, code: number, message: string): StatusError {
  const { kind, key } = request
  const of = { group: kind.group, resource: kind.plural }
  if (code === 403) return forbidden(of, key.name, message)
  return new StatusError(code, code === 422 ? 'Invalid' : code === 429 ? 'TooManyRequests' : code === 409 ? 'Conflict' : 'BadRequest', message)
}
