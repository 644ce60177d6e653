import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, PolicyRule } from '../../resources/generated/types.ts'
import type { Decision, ObjectReader, PromptAuthorizer, RequestInfo, User } from '../access.ts'
import { podReferences } from './pod-references.ts'
import type { PodReferences } from './pod-references.ts'
import { NO_RULES } from './rule-source.ts'
import type { RuleAnswer, RuleSource } from './rule-source.ts'
import { ruleAllows } from './rule-match.ts'
import { nodeNameOf } from './subjects.ts'

const NO_OPINION: Decision = { allowed: false, reason: '' }
const ALLOWED: Decision = { allowed: true, reason: 'node: it concerns the node itself or its pods' }

/**
 * What a node agent may do: the rules of system:node, but Secrets, ConfigMaps, claims and service account tokens only where
 * a pod on this very node names them. So a node that was broken into gives away no more than its own pods could.
 */
export class NodeAuthorizer implements PromptAuthorizer, RuleSource {
  readonly #reader: ObjectReader
  readonly #rules: readonly PolicyRule[]
  /** Objects are immutable, so a pod's references are worked out once. */
  readonly #references = new WeakMap<Pod, PodReferences>()

  constructor(reader: ObjectReader, rules: readonly PolicyRule[]) {
    this.#reader = reader
    this.#rules = rules
  }

  authorize(user: User, info: RequestInfo): Decision {
    const nodeName = nodeNameOf(user)
    if (nodeName === undefined || !this.#rules.some((rule) => ruleAllows(rule, info))) return NO_OPINION
    const named = guardedName(info)
    if (named === undefined) return ownLease(info, nodeName)
    if (info.name === '' || info.namespace === '') return { allowed: false, reason: `node: ${info.resource} can be read only one by one, by name` }
    const referenced = this.#reader.list(kinds.Pod, info.namespace)
      .some((pod) => pod.spec?.nodeName === nodeName && named(this.#referencesOf(pod), info.name))
    return referenced ? ALLOWED : { allowed: false, reason: `node: no relationship found between node '${nodeName}' and this object` }
  }

  /** What a node may read follows from its pods: no list of rules says it. */
  rulesFor(user: User): RuleAnswer {
    return nodeNameOf(user) === undefined ? NO_RULES : { ...NO_RULES, incomplete: true, errors: ['node authorizer does not support user rule resolution'] }
  }

  #referencesOf(pod: Pod): PodReferences {
    const known = this.#references.get(pod)
    if (known !== undefined) return known
    const references = podReferences(pod)
    this.#references.set(pod, references)
    return references
  }
}

type Names = (references: PodReferences, name: string) => boolean

function guardedName(info: RequestInfo): Names | undefined {
  if (info.group !== '') return undefined
  switch (info.resource) {
    case 'secrets': return (references, name) => references.secrets.has(name)
    case 'configmaps': return (references, name) => references.configMaps.has(name)
    case 'persistentvolumeclaims': return (references, name) => references.claims.has(name)
    case 'serviceaccounts': return (references, name) => references.serviceAccount === name
    default: return undefined
  }
}

/** A create names no object yet: NodeRestriction looks at its body. */
function ownLease(info: RequestInfo, nodeName: string): Decision {
  if (info.resource !== 'leases' || info.verb === 'create') return ALLOWED
  const own = info.namespace === 'kube-node-lease' && info.name === nodeName
  return own ? ALLOWED : { allowed: false, reason: `node: a node may use only its own lease, kube-node-lease/${nodeName}` }
}
