import { unauthorized } from '../../words/status-error.ts'
import type { Authenticator, User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import { bearerToken } from './bearer-token.ts'
import { webSocketToken } from './websocket-token.ts'

export type TokenOutcome =
  | { readonly outcome: 'user'; readonly user: User; readonly audiences: readonly string[] }
  /** Not a token of the kind that this reviewer knows: some other may know it. */
  | { readonly outcome: 'foreign' }
  | { readonly outcome: 'invalid'; readonly why: string }

/** Knows one kind of bearer tokens. Never repeats a token, nor a part of one, in why. */
export interface TokenReviewer {
  /** audiences empty: this server's own. In the answer: those of them that the token is for. */
  review(token: string, audiences: readonly string[]): Promise<TokenOutcome>
}

/** Asks one after the other until one knows the user. What those said who found it wrong is told when nobody does. */
export function anyReviewer(reviewers: () => readonly TokenReviewer[]): TokenReviewer {
  return {
    async review(token, audiences) {
      const problems: string[] = []
      for (const reviewer of reviewers()) {
        const found = await reviewer.review(token, audiences)
        if (found.outcome === 'user') return found
        if (found.outcome === 'invalid') problems.push(found.why)
      }
      return problems.length === 0 ? { outcome: 'foreign' } : { outcome: 'invalid', why: problems.join(', ') }
    },
  }
}

/** Bearer tokens of requests. A token that nobody knows ends the request: it was meant to prove something. */
export class BearerAuthenticator implements Authenticator {
  readonly #reviewer: TokenReviewer

  constructor(reviewer: TokenReviewer) {
    this.#reviewer = reviewer
  }

  authenticate(request: ServerRequest): Promise<User> | undefined {
    const token = bearerToken(request.headers['authorization']) ?? webSocketToken(request)
    return token === undefined ? undefined : this.#user(token)
  }

  async #user(token: string): Promise<User> {
    const found = await this.#reviewer.review(token, [])
    if (found.outcome !== 'user') throw unauthorized()
    return found.user
  }
}
