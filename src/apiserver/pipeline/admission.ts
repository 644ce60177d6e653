import { StatusError } from '../../words/status-error.ts'
import { forbidden } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator, ObjectReader, Validator } from '../access.ts'
import type { WriteObserver } from '../route.ts'

/** The mutate and admit stages: asks what was plugged in, in its order. */
export class Admission {
  readonly #mutators: readonly Mutator[]
  readonly #validators: readonly Validator[]
  readonly #observers: readonly WriteObserver[]
  readonly #reader: ObjectReader

  constructor(parts: {
    mutators: readonly Mutator[]; validators: readonly Validator[]; observers: readonly WriteObserver[]; reader: ObjectReader
  }) {
    this.#mutators = parts.mutators
    this.#validators = parts.validators
    this.#observers = parts.observers
    this.#reader = parts.reader
  }

  /** Whether anything may have changed the draft. Synchronous mutators cost no turn of the event loop. */
  async mutate(request: AdmissionRequest): Promise<boolean> {
    let asked = false
    for (const mutator of this.#mutators) {
      if (!mutator.matches(request)) continue
      asked = true
      const pending = mutator.admit(request, this.#reader)
      if (pending !== undefined) await pending
    }
    return asked
  }

  async validate(request: AdmissionRequest, listener: { warn(message: string): void }): Promise<void> {
    for (const validator of this.#validators) {
      if (!validator.matches(request)) continue
      const pending = validator.review(request, this.#reader)
      const verdict = 'then' in pending ? await pending : pending
      if (!verdict.allowed) throw refusal(request, verdict.code, verdict.message)
      for (const warning of verdict.warnings) listener.warn(warning)
    }
  }

  settle(request: AdmissionRequest, outcome: 'stored' | 'not-stored'): void {
    for (const observer of this.#observers) observer.settled(request, outcome)
  }
}

function refusal(request: AdmissionRequest, code: number, message: string): StatusError {
  const { kind, key } = request
  const of = { group: kind.group, resource: kind.plural }
  if (code === 403) return forbidden(of, key.name, message)
  return new StatusError(code, code === 422 ? 'Invalid' : code === 429 ? 'TooManyRequests' : code === 409 ? 'Conflict' : 'BadRequest', message)
}
