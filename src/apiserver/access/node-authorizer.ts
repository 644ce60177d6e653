import { kinds } from '../../resources/generated/kinds.ts'
import type { PolicyRule } from '../../resources/generated/types.ts'
import type { Decision, ObjectReader, PromptAuthorizer, RequestInfo, User } from '../access.ts'
import { askedFields } from './asked-selectors.ts'
import { NodeRelations } from './node-relations.ts'
import type { PodsOfNodes } from './pods-of-nodes.ts'
import { NO_RULES } from './rule-source.ts'
import type { RuleAnswer, RuleSource } from './rule-source.ts'
import { ruleAllows } from './rule-match.ts'
import { nodeNameOf } from './subjects.ts'

const NO_OPINION: Decision = { allowed: false, reason: '' }
const ALLOWED: Decision = { allowed: true, reason: '' }

function because(reason: string): Decision {
  return { allowed: false, reason }
}

/**
 * What a node agent may do: the rules of system:node, but only what concerns it of Nodes, Pods and all that pods name. So a node that was
 * broken into gives away no more than its own pods could. What it may write of that, NodeRestriction says.
 */
export class NodeAuthorizer implements PromptAuthorizer, RuleSource {
  readonly #relations: NodeRelations
  readonly #rules: readonly PolicyRule[]

  constructor(reader: ObjectReader, pods: PodsOfNodes, rules: readonly PolicyRule[]) {
    this.#relations = new NodeRelations(reader, pods)
    this.#rules = rules
  }

  authorize(user: User, info: RequestInfo): Decision {
    const nodeName = nodeNameOf(user)
    if (nodeName === undefined) return NO_OPINION
    if (nodeName === '') return because(`unknown node for user ${JSON.stringify(user.name)}`)
    const decision = info.isResource ? this.#divided(nodeName, info) : undefined
    return decision ?? (this.#rules.some((rule) => ruleAllows(rule, info)) ? ALLOWED : NO_OPINION)
  }

  /** What a node may read follows from its pods: no list of rules says it. */
  rulesFor(user: User): RuleAnswer {
    return nodeNameOf(user) === undefined
      ? NO_RULES
      : { ...NO_RULES, incomplete: true, errors: ['node authorizer does not support user rule resolution'] }
  }

  /** Undefined: of such things a node may use all or none. */
  #divided(nodeName: string, info: RequestInfo): Decision | undefined {
    const relations = this.#relations
    const { namespace, name } = info
    switch (`${info.resource}.${info.group}`) {
      case 'secrets.': return readOne(info) ?? related(nodeName, name, () => relations.hasSecret(nodeName, namespace, name))
      case 'configmaps.': return readOne(info) ?? related(nodeName, name, () => relations.hasConfigMap(nodeName, namespace, name))
      case 'persistentvolumeclaims.': {
        const refused = info.subresource === 'status' ? updateStatus(info) : getOne(info)
        return refused ?? related(nodeName, name, () => relations.hasClaim(nodeName, namespace, name))
      }
      case 'persistentvolumes.': return getOne(info) ?? related(nodeName, name, () => relations.hasVolume(nodeName, name))
      case 'resourceclaims.resource.k8s.io':
        return getOne(info) ?? related(nodeName, name, () => relations.hasResourceClaim(nodeName, namespace, name))
      case 'volumeattachments.storage.k8s.io':
        return getOne(info) ?? related(nodeName, name, () => relations.isNamedBy(nodeName, kinds.VolumeAttachment, name))
      case 'serviceaccounts.':
        return createToken(info) ?? related(nodeName, name, () => relations.hasServiceAccount(nodeName, namespace, name))
      case 'leases.coordination.k8s.io': return ownLease(nodeName, info)
      case 'csinodes.storage.k8s.io': return ownCsiNode(nodeName, info)
      case 'resourceslices.resource.k8s.io': return this.#ownSlices(nodeName, info)
      case 'nodes.': return ownNode(nodeName, info)
      case 'pods.': return this.#ownPods(nodeName, info)
      default: return undefined
    }
  }

  #ownPods(nodeName: string, info: RequestInfo): Decision {
    const { subresource, verb, namespace, name } = info
    if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOWED : NO_OPINION
    if (subresource === 'eviction') return verb === 'create' ? ALLOWED : NO_OPINION
    if (subresource !== '') return NO_OPINION
    const isOwn = (): boolean => this.#relations.hasPod(nodeName, namespace, name)
    switch (verb) {
      case 'create': case 'delete': return ALLOWED
      case 'get': return related(nodeName, name, isOwn)
      case 'list': case 'watch':
        if (isLimitedTo(info, 'spec.nodeName', nodeName)) return ALLOWED
        return name === '' ? because('can only list/watch pods with spec.nodeName field selector') : related(nodeName, name, isOwn)
      default: return NO_OPINION
    }
  }

  #ownSlices(nodeName: string, info: RequestInfo): Decision {
    if (info.subresource !== '') return because('cannot authorize ResourceSlice subresources')
    switch (info.verb) {
      case 'create': return ALLOWED
      case 'get': case 'update': case 'patch': case 'delete':
        return related(nodeName, info.name, () => this.#relations.isNamedBy(nodeName, kinds.ResourceSlice, info.name))
      case 'list': case 'watch': case 'deletecollection':
        if (isLimitedTo(info, 'spec.nodeName', nodeName)) return ALLOWED
        return because('can only list/watch/deletecollection resourceslices with nodeName field selector')
      default:
        return because(
          'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
        )
    }
  }
}

function isLimitedTo({ fieldSelector }: RequestInfo, field: string, value: string): boolean {
  return askedFields(fieldSelector).some(
    ({ key, operator, values }) => key === field && operator === 'In' && values?.length === 1 && values[0] === value,
  )
}

function related(nodeName: string, name: string, isRelated: () => boolean): Decision {
  if (name === '') return because('No Object name found')
  return isRelated() ? ALLOWED : because(`no relationship found between node '${nodeName}' and this object`)
}

/** Undefined: as far as the request's shape goes, it may. */
function readOne({ verb, subresource, namespace }: RequestInfo): Decision | undefined {
  if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return because('can only read resources of this type')
  if (subresource !== '') return because('cannot read subresource')
  return namespace === '' ? because('can only read namespaced object of this type') : undefined
}

function getOne({ verb, subresource }: RequestInfo): Decision | undefined {
  if (verb !== 'get') return because('can only get individual resources of this type')
  return subresource === '' ? undefined : because('cannot get subresource')
}

function updateStatus({ verb }: RequestInfo): Decision | undefined {
  return verb === 'update' || verb === 'patch' ? undefined : because('can only get/update/patch this type')
}

function createToken({ verb, name, subresource }: RequestInfo): Decision | undefined {
  if (verb !== 'create' || name === '') return because('can only create tokens for individual service accounts')
  return subresource === 'token' ? undefined : because('can only create token subresource of serviceaccount')
}

const OWN_VERBS: ReadonlySet<string> = new Set(['get', 'create', 'update', 'patch', 'delete'])

/** A create names no object yet: NodeRestriction looks at its body. */
function ownLease(nodeName: string, { verb, namespace, name }: RequestInfo): Decision {
  if (!OWN_VERBS.has(verb)) return because('can only get, create, update, patch, or delete a node lease')
  if (namespace !== 'kube-node-lease') return because('can only access leases in the "kube-node-lease" system namespace')
  if (verb !== 'create' && name !== nodeName) return because('can only access node lease with the same name as the requesting node')
  return ALLOWED
}

function ownCsiNode(nodeName: string, { verb, subresource, name }: RequestInfo): Decision {
  if (!OWN_VERBS.has(verb)) return because('can only get, create, update, patch, or delete a CSINode')
  if (subresource !== '') return because('cannot authorize CSINode subresources')
  if (verb !== 'create' && name !== nodeName) return because('can only access CSINode with the same name as the requesting node')
  return ALLOWED
}

function ownNode(nodeName: string, { verb, subresource, name }: RequestInfo): Decision {
  const writes = verb === 'update' || verb === 'patch'
  if (subresource === 'status') return writes ? ALLOWED : NO_OPINION
  if (subresource !== '') return NO_OPINION
  if (verb === 'create' || writes) return ALLOWED
  if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return NO_OPINION
  if (name === nodeName) return ALLOWED
  return because(
    name === ''
      ? `node '${nodeName}' cannot read all nodes, only its own Node object`
      : `node '${nodeName}' cannot read '${name}', only its own Node object`,
  )
}
