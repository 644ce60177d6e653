import type { Authorizer, Decision, RequestInfo, User } from '../access.ts'
import type { AuthorizationConfig, AuthorizerConfig } from './config/authorization-config.ts'
import type { NodeAuthorizer } from './node-authorizer.ts'
import { privilegedGroup } from './privileged-group.ts'
import type { RbacAuthorizer } from './rbac-authorizer.ts'
import { allRules, NO_RULES, type RuleAnswer, type RuleSource } from './rule-source.ts'
import { anyOf } from './union-authorizer.ts'
import { WebhookAuthorizer, type WebhookAuthorizerPorts } from './webhook/webhook-authorizer.ts'

export interface BuiltInAuthorizers {
  readonly node: NodeAuthorizer
  readonly rbac: RbacAuthorizer
}

interface Chain {
  readonly authorizer: Authorizer
  readonly rules: RuleSource
}

/** Who is asked, and in which order; another configuration may take its place at any time. */
export class AuthorizerChain implements Authorizer, RuleSource {
  readonly #builtIn: BuiltInAuthorizers
  readonly #ports: WebhookAuthorizerPorts
  #chain: Chain

  /** Without a configuration: RBAC, then what nodes may do. No one of them has a no that counts, so the order does not matter but for the time. */
  constructor(builtIn: BuiltInAuthorizers, ports: WebhookAuthorizerPorts) {
    this.#builtIn = builtIn
    this.#ports = ports
    this.#chain = { authorizer: anyOf([privilegedGroup, builtIn.rbac, builtIn.node]), rules: allRules([builtIn.node, builtIn.rbac]) }
  }

  use({ authorizers }: AuthorizationConfig): void {
    const links = authorizers.map((config) => this.#link(config))
    this.#chain = { authorizer: anyOf([privilegedGroup, ...links]), rules: allRules(links) }
  }

  authorize(user: User, info: RequestInfo): Decision | Promise<Decision> {
    return this.#chain.authorizer.authorize(user, info)
  }

  rulesFor(user: User, namespace: string): RuleAnswer {
    return this.#chain.rules.rulesFor(user, namespace)
  }

  #link(config: AuthorizerConfig): Authorizer & RuleSource {
    switch (config.type) {
      case 'Node': return this.#builtIn.node
      case 'RBAC': return this.#builtIn.rbac
      case 'Webhook': return new WebhookAuthorizer(config.webhook, this.#ports)
      case 'AlwaysAllow': return everybody
      case 'AlwaysDeny': return nobody
    }
  }
}

const everybody: Authorizer & RuleSource = {
  authorize: () => ({ allowed: true, reason: '' }),
  rulesFor: () => ({
    ...NO_RULES, rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }],
  }),
}

/** No opinion, as upstream's: one after it may still allow. */
const nobody: Authorizer & RuleSource = {
  authorize: () => ({ allowed: false, reason: 'Everything is forbidden.' }), rulesFor: () => NO_RULES,
}
