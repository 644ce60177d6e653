import { isObject, type JsonObject } from '../../../objects/json.ts'
import type { Clock } from '../../../words/ports.ts'
import type { WebhookCaller, WebhookTarget } from '../../webhooks/webhook-caller.ts'
import type { User } from '../../access.ts'
import { withAuthenticated } from '../subjects.ts'
import type { TokenOutcome, TokenReviewer } from '../token-reviewers.ts'
import { callAgain } from './call-again.ts'

export interface WebhookTokenPorts {
  readonly caller: WebhookCaller
  readonly target: WebhookTarget
  readonly clock: Clock
  readonly audiences: readonly string[]
}

const API_VERSION = 'authentication.k8s.io/v1'
const TIMEOUT_MS = 10_000

/** Asks a server of somebody else's whose token it is: TokenReview v1. Rejects where it cannot be asked or answers rubbish. */
export class WebhookTokens implements TokenReviewer {
  readonly #ports: WebhookTokenPorts

  constructor(ports: WebhookTokenPorts) {
    this.#ports = ports
  }

  async review(token: string, asked: readonly string[]): Promise<TokenOutcome> {
    const { caller, target, clock, audiences: own } = this.#ports
    const wanted = asked.length === 0 ? own : asked
    const body = {
      apiVersion: API_VERSION, kind: 'TokenReview', metadata: { creationTimestamp: null },
      spec: { token, audiences: [...wanted] }, status: { user: {} },
    }
    const { status } = await callAgain(caller, { target, body, timeoutMs: TIMEOUT_MS }, clock)
    if (!isObject(status)) throw new Error('the token webhook answered with no status')
    if (status['authenticated'] !== true) return refusal(status)
    const granted = textsOf(status['audiences'])
    const audiences = wanted.filter((audience) => (granted.length === 0 ? own : granted).includes(audience))
    return audiences.length === 0 ? { outcome: 'foreign' } : { outcome: 'user', user: userOf(status['user']), audiences }
  }
}

function refusal({ error }: JsonObject): TokenOutcome {
  return typeof error === 'string' && error !== '' ? { outcome: 'invalid', why: error.slice(0, 1000) } : { outcome: 'foreign' }
}

function userOf(user: unknown): User {
  if (!isObject(user) || typeof user['username'] !== 'string' || user['username'] === '') throw new Error('the token webhook named no user')
  const extra = isObject(user['extra']) ? user['extra'] : {}
  return {
    name: user['username'], uid: typeof user['uid'] === 'string' ? user['uid'] : '', groups: withAuthenticated(textsOf(user['groups'])),
    extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, textsOf(values)])),
  }
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
