import { RecentMap } from '../../words/oldest-first.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { TokenOutcome, TokenReviewer } from './token-reviewers.ts'

interface Remembered {
  readonly until: number
  readonly outcome: Promise<TokenOutcome>
}

export interface RememberedOptions {
  readonly clock: Clock
  readonly log: Log
  readonly ttlMs: number
  /** Whether a refusal is remembered as long, too. */
  readonly remembersRefusals: boolean
}

const MAX_TOKENS = 4096

/**
 * Asks at most once in a while about the same token, and gives the same User for it. A review that failed (rejected) counts as a refusal
 * and is not remembered: whoever could not be asked may be there for the next request.
 */
export class RememberedReviewer implements TokenReviewer {
  readonly #reviewer: TokenReviewer
  readonly #options: RememberedOptions
  readonly #known = new RecentMap<string, Remembered>(MAX_TOKENS)

  constructor(reviewer: TokenReviewer, options: RememberedOptions) {
    this.#reviewer = reviewer
    this.#options = options
  }

  review(token: string, audiences: readonly string[]): Promise<TokenOutcome> {
    const key = [token, ...audiences].join('\0')
    const known = this.#known.get(key)
    if (known !== undefined && known.until > this.#options.clock.now()) return known.outcome
    const outcome = this.#ask(key, token, audiences)
    this.#known.set(key, { until: this.#options.clock.now() + this.#options.ttlMs, outcome })
    return outcome
  }

  async #ask(key: string, token: string, audiences: readonly string[]): Promise<TokenOutcome> {
    try {
      const outcome = await this.#reviewer.review(token, audiences)
      if (outcome.outcome !== 'user' && !this.#options.remembersRefusals) this.#known.delete(key)
      return outcome
    } catch (error) {
      this.#known.delete(key)
      // Whoever was asked may have repeated it.
      const why = thrownMessage(error).replaceAll(token, '<token>')
      this.#options.log.warn('a token could not be reviewed', { error: why })
      return { outcome: 'invalid', why }
    }
  }
}
