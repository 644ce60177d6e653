import type { AuthorizationDecision, AuthorizationQuestion, DecisionPort } from '../../policy/cel/library/authorizer.ts'
import type { Authorizer, Decision, RequestInfo, User } from '../access.ts'
import { serviceAccountGroups, serviceAccountUserName } from '../access/subjects.ts'

/** More than one expression can pay for, so that only a long line of questions, each depending on the answer before, comes to an end here. */
const MAX_ROUNDS = 32
const TOO_MANY: AuthorizationDecision = {
  allowed: false, reason: '', error: `no answer: more than ${MAX_ROUNDS} questions wait for each other`,
}

/**
 * What the expressions of one request ask the authorizer. Expressions do not wait: where a webhook has to be asked, what they come to
 * is thrown away, the open questions are answered together, and they are evaluated again. A webhook is asked each question once.
 */
export class Decisions implements DecisionPort {
  readonly #authorizer: Authorizer
  readonly #user: User
  readonly #known = new Map<string, AuthorizationDecision>()
  readonly #open = new Map<string, Promise<Decision>>()
  #isOver = false

  constructor(authorizer: Authorizer, user: User) {
    this.#authorizer = authorizer
    this.#user = user
  }

  decide(question: AuthorizationQuestion): AuthorizationDecision | undefined {
    const key = this.#known.size + this.#open.size === 0 ? '' : JSON.stringify(question)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#isOver) return TOO_MANY
    if (this.#open.has(key)) return undefined
    const decision = this.#authorizer.authorize(this.#userOf(question), infoOf(question))
    if (!(decision instanceof Promise)) return answerOf(decision)
    this.#open.set(key === '' ? JSON.stringify(question) : key, decision)
    return undefined
  }

  /** What evaluate comes to when all that it asks is known: at once without a webhook. It must do nothing but look. */
  settle<T>(evaluate: () => T): T | Promise<T> {
    const result = evaluate()
    return this.#open.size === 0 ? result : this.#settleLater(evaluate)
  }

  async #settleLater<T>(evaluate: () => T): Promise<T> {
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      await this.#answerAll()
      const result = evaluate()
      if (this.#open.size === 0) return result
    }
    await this.#answerAll()
    this.#isOver = true
    return evaluate()
  }

  async #answerAll(): Promise<void> {
    await Promise.all([...this.#open].map(async ([key, decision]) => this.#known.set(key, answerOf(await decision))))
    this.#open.clear()
  }

  #userOf({ serviceAccount }: AuthorizationQuestion): User {
    if (serviceAccount === undefined) return this.#user
    const { namespace, name } = serviceAccount
    return { name: serviceAccountUserName(namespace, name), uid: '', groups: serviceAccountGroups(namespace), extra: {} }
  }
}

function answerOf({ allowed, reason, error = '' }: Decision): AuthorizationDecision {
  return { allowed, reason, error }
}

const NOTHING = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path: '' }

function infoOf({ verb, about }: AuthorizationQuestion): RequestInfo {
  if (about.kind === 'path') return { ...NOTHING, isResource: false, verb, path: about.path }
  const { group, resource, subresource, namespace, name, fieldSelector = '', labelSelector = '' } = about
  return {
    ...NOTHING, isResource: true, verb, group, version: '*', resource, subresource, namespace, name,
    ...(fieldSelector === '' ? {} : { fieldSelector }), ...(labelSelector === '' ? {} : { labelSelector }),
  }
}
