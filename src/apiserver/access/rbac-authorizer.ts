import type { PolicyRule } from '../../resources/generated/types.ts'
import type { Decision, ObjectReader, PromptAuthorizer, RequestInfo, User } from '../access.ts'
import { RbacIndex } from './rbac-index.ts'
import type { Grant } from './rbac-index.ts'
import type { RuleAnswer, RuleSource } from './rule-source.ts'
import { namesObjects, ruleMatches, ruleNames } from './rule-match.ts'
import { groups } from './subjects.ts'

/** A rule that a user has, and where it holds. */
export interface GrantedRule {
  readonly rule: PolicyRule
  readonly grant: Grant
}

/** What holds for every object of a kind, and the rules that may allow more for some names. */
interface Outcome {
  readonly decision: Decision
  readonly named: readonly GrantedRule[]
}

const MAX_OUTCOMES = 8192

/**
 * rbac.authorization.k8s.io. The index is built anew when an RBAC object has changed (revision says so), outcomes are
 * remembered until then; both are plain functions of the objects.
 */
export class RbacAuthorizer implements PromptAuthorizer, RuleSource {
  readonly #reader: ObjectReader
  readonly #revision: () => unknown
  #index: RbacIndex | undefined
  #indexedRevision: unknown
  /** By user, verb, resource and namespace, without the object's name: so a user who updates 5,000 pods needs one. */
  readonly #outcomes = new Map<string, Outcome>()
  readonly #userKeys = new WeakMap<User, string>()

  /** revision returns another value whenever a Role, ClusterRole or a binding of them has changed. */
  constructor(reader: ObjectReader, revision: () => unknown) {
    this.#reader = reader
    this.#revision = revision
  }

  authorize(user: User, info: RequestInfo): Decision {
    if (user.groups.includes(groups.masters)) return MASTER
    const index = this.#currentIndex()
    const key = `${this.#userKey(user)}\0${infoKey(info)}`
    let outcome = this.#outcomes.get(key)
    if (outcome === undefined) {
      outcome = decide(index, user, info)
      if (this.#outcomes.size >= MAX_OUTCOMES) this.#outcomes.clear()
      this.#outcomes.set(key, outcome)
    }
    return outcome.named.length === 0 ? outcome.decision : decideByName(outcome, info.name)
  }

  /** All rules that the user has in the namespace ('' for the whole cluster only), for escalation checks. */
  grantedRules(user: User, namespace: string): readonly GrantedRule[] {
    const index = this.#currentIndex()
    const granted: GrantedRule[] = []
    for (const grant of index.grants(user, namespace)) {
      for (const rule of index.rules(grant.binding.roleRef, grant.binding.metadata.namespace ?? '') ?? []) granted.push({ rule, grant })
    }
    return granted
  }

  /** For rule reviews: what the user may do, and what is wrong with the bindings that say so. */
  rulesFor(user: User, namespace: string): RuleAnswer {
    const index = this.#currentIndex()
    const errors: string[] = []
    const rules: PolicyRule[] = []
    for (const grant of index.grants(user, namespace)) {
      const found = index.rules(grant.binding.roleRef, grant.binding.metadata.namespace ?? '')
      if (found === undefined) errors.push(missingRole(grant))
      else rules.push(...found)
    }
    return { rules, incomplete: false, errors }
  }

  /** The rules of a role that a binding in this namespace would give; undefined when there is no such role. */
  rulesOfRole(roleRef: Grant['binding']['roleRef'], namespace: string): readonly PolicyRule[] | undefined {
    return this.#currentIndex().rules(roleRef, namespace)
  }

  #currentIndex(): RbacIndex {
    const revision = this.#revision()
    if (this.#index === undefined || revision !== this.#indexedRevision) {
      this.#indexedRevision = revision
      this.#index = new RbacIndex(this.#reader)
      this.#outcomes.clear()
    }
    return this.#index
  }

  /** Users are one object per credential, so that the join is paid once. */
  #userKey(user: User): string {
    const known = this.#userKeys.get(user)
    if (known !== undefined) return known
    const key = [user.name, ...user.groups].join('\0')
    this.#userKeys.set(user, key)
    return key
  }
}

const MASTER: Decision = { allowed: true, reason: 'member of the group system:masters' }

function infoKey(info: RequestInfo): string {
  if (!info.isResource) return `${info.verb}\0${info.path}`
  return `${info.verb}\0${info.group}\0${info.resource}\0${info.subresource}\0${info.namespace}\0`
}

function decide(index: RbacIndex, user: User, info: RequestInfo): Outcome {
  const missing: string[] = []
  const named: GrantedRule[] = []
  for (const grant of index.grants(user, info.isResource ? info.namespace : '')) {
    const rules = index.rules(grant.binding.roleRef, grant.binding.metadata.namespace ?? '')
    if (rules === undefined) missing.push(missingRole(grant))
    for (const rule of rules ?? []) {
      if (!ruleMatches(rule, info)) continue
      if (!info.isResource || !namesObjects(rule)) return { decision: allowedBy(grant), named: [] }
      named.push({ rule, grant })
    }
  }
  if (missing.length === 0) return { decision: NO_RULE, named }
  const why = missing.length === 1 ? (missing[0] ?? '') : `[${missing.join(', ')}]`
  return { decision: { allowed: false, reason: `RBAC: ${why}` }, named }
}

function decideByName({ decision, named }: Outcome, name: string): Decision {
  const found = named.find(({ rule }) => ruleNames(rule, name))
  return found === undefined ? decision : allowedBy(found.grant)
}

function allowedBy(grant: Grant): Decision {
  return { allowed: true, reason: `RBAC: allowed by ${describeGrant(grant)}` }
}

const NO_RULE: Decision = { allowed: false, reason: '' }

function missingRole(grant: Grant): string {
  const { kind, name } = grant.binding.roleRef
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`
}

/** RoleBinding "readers/default" of ClusterRole "view" to User "anna" */
function describeGrant({ binding, subject }: Grant): string {
  const { name = '', namespace } = binding.metadata
  const holder = namespace === undefined
    ? `ClusterRoleBinding ${JSON.stringify(name)}`
    : `RoleBinding ${JSON.stringify(`${name}/${namespace}`)}`
  const subjectNamespace = subject.namespace ?? namespace ?? ''
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subjectNamespace}` : subject.name
  return `${holder} of ${binding.roleRef.kind} ${JSON.stringify(binding.roleRef.name)} to ${subject.kind} ${JSON.stringify(who)}`
}
