import { isObject, type JsonObject } from '../../../objects/json.ts'
import type { Program } from '../../../policy/cel/program.ts'
import { MATCH_CONDITIONS_BUDGET, PER_CALL_LIMIT } from '../../../policy/cel/limits.ts'
import { RecentMap } from '../../../words/oldest-first.ts'
import type { Clock, Log } from '../../../words/ports.ts'
import { thrownMessage } from '../../../words/thrown.ts'
import type { WebhookCaller, WebhookTarget } from '../../webhooks/webhook-caller.ts'
import type { Authorizer, Decision, RequestInfo, User } from '../../access.ts'
import type { RuleAnswer, RuleSource } from '../rule-source.ts'
import { sentSpec, wholeSpec } from './access-review.ts'
import { callAgain } from './call-again.ts'

/** How one webhook is asked, as the authorization configuration says. */
export interface WebhookAuthorizerConfig {
  readonly name: string
  readonly target: WebhookTarget
  readonly timeoutMs: number
  readonly authorizedTtlMs: number
  readonly unauthorizedTtlMs: number
  readonly version: 'v1' | 'v1beta1'
  /** What a webhook that fails stands for. */
  readonly failurePolicy: 'NoOpinion' | 'Deny'
  /** It is asked only where all of them hold. */
  readonly conditions: readonly Program[]
}

export interface WebhookAuthorizerPorts {
  readonly caller: WebhookCaller
  readonly clock: Clock
  readonly log: Log
}

const MAX_REMEMBERED = 4096
/** A question of that size is asked every time: it would fill the memory with what is hardly asked twice. */
const MAX_KEY_CHARACTERS = 10_000
const NO_OPINION: Decision = { allowed: false, reason: '' }

interface Remembered {
  until: number
  readonly decision: Promise<Decision>
}

/** A server of somebody else's that says who may do what: SubjectAccessReview. Its answers are remembered for as long as it is configured. */
export class WebhookAuthorizer implements Authorizer, RuleSource {
  readonly #config: WebhookAuthorizerConfig
  readonly #ports: WebhookAuthorizerPorts
  readonly #known = new RecentMap<string, Remembered>(MAX_REMEMBERED)

  constructor(config: WebhookAuthorizerConfig, ports: WebhookAuthorizerPorts) {
    this.#config = config
    this.#ports = ports
  }

  authorize(user: User, info: RequestInfo): Decision | Promise<Decision> {
    const match = this.#matches(user, info)
    if (match.error !== undefined) return this.#failed(match.error)
    if (!match.isMatch) return NO_OPINION
    const spec = sentSpec(user, info, this.#config.version)
    const key = JSON.stringify(spec)
    if (key.length > MAX_KEY_CHARACTERS) return this.#ask(spec).then(({ decision }) => decision)
    const known = this.#known.get(key)
    return known !== undefined && known.until > this.#ports.clock.now() ? known.decision : this.#remember(key, spec)
  }

  rulesFor(): RuleAnswer {
    return { rules: [], incomplete: true, errors: ['webhook authorizer does not support user rule resolution'] }
  }

  /** Requests that come while it is being asked wait for the same answer. */
  #remember(key: string, spec: JsonObject): Promise<Decision> {
    const { clock } = this.#ports
    const asked = this.#ask(spec)
    const remembered: Remembered = { until: Number.POSITIVE_INFINITY, decision: asked.then(({ decision }) => decision) }
    this.#known.set(key, remembered)
    void asked.then(({ ttlMs }) => {
      if (ttlMs > 0) remembered.until = clock.now() + ttlMs
      else if (this.#known.get(key) === remembered) this.#known.delete(key)
    })
    return remembered.decision
  }

  /** Never rejects. ttlMs 0: not to be remembered. */
  async #ask(spec: JsonObject): Promise<{ readonly decision: Decision; readonly ttlMs: number }> {
    const { target, timeoutMs, version, authorizedTtlMs, unauthorizedTtlMs } = this.#config
    try {
      const body = {
        apiVersion: `authorization.k8s.io/${version}`, kind: 'SubjectAccessReview', metadata: { creationTimestamp: null },
        spec, status: { allowed: false },
      }
      const { status } = await callAgain(this.#ports.caller, { target, body, timeoutMs }, this.#ports.clock)
      if (!isObject(status)) throw new Error('the answer has no status')
      return { decision: decisionOf(status), ttlMs: status['allowed'] === true ? authorizedTtlMs : unauthorizedTtlMs }
    } catch (error) {
      return { decision: this.#failed(`authorization webhook ${JSON.stringify(this.#config.name)}: ${thrownMessage(error)}`), ttlMs: 0 }
    }
  }

  #failed(error: string): Decision {
    this.#ports.log.warn('an authorization webhook failed', { webhook: this.#config.name, error })
    return this.#config.failurePolicy === 'Deny'
      ? { allowed: false, denied: true, reason: '', error }
      : { allowed: false, reason: '', error }
  }

  /** One condition that does not hold is enough; one that fails matters only where none says no. */
  #matches(user: User, info: RequestInfo): { readonly isMatch: boolean; readonly error?: string } {
    const { conditions } = this.#config
    if (conditions.length === 0) return { isMatch: true }
    const request = wholeSpec(user, info)
    let [error, budget]: [string | undefined, number] = [undefined, MATCH_CONDITIONS_BUDGET]
    for (const program of conditions) {
      const result = program.evaluate({ request }, { costLimit: Math.min(PER_CALL_LIMIT, budget) })
      budget -= result.cost
      if (result.ok && result.value === false) return { isMatch: false }
      if (!result.ok) {
        error ??= `cel evaluation error: expression ${JSON.stringify(program.text)} resulted in error: ${result.error.message}`
      }
    }
    return error === undefined ? { isMatch: true } : { isMatch: false, error }
  }
}

function decisionOf(status: JsonObject): Decision {
  const [allowed, denied] = [status['allowed'] === true, status['denied'] === true]
  const reason = typeof status['reason'] === 'string' ? status['reason'].slice(0, 1000) : ''
  if (allowed && denied) {
    return { allowed: false, denied: true, reason, error: 'webhook subject access review returned both allow and deny response' }
  }
  const problem = typeof status['evaluationError'] === 'string' ? status['evaluationError'].slice(0, 1000) : ''
  if (denied) return { allowed: false, denied: true, reason }
  return allowed ? { allowed: true, reason } : { allowed: false, reason: reason === '' ? problem : reason }
}
