import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField, invalidValue, notSupported, required } from '../../objects/field-error.ts'
import type { Cidr } from '../../objects/ports-and-addresses.ts'
import {
  cidrContains, cidrErrors, networkOf, parseSloppyCidr, portNameErrors, portNumberErrors,
} from '../../objects/ports-and-addresses.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkLabelSelector } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'
import { selectorQuery } from './workload-columns.ts'

const POLICY_TYPES = ['Ingress', 'Egress']
const PROTOCOLS = ['TCP', 'UDP', 'SCTP']

/** Without policyTypes a policy is about what comes in, and about what goes out where it has rules for that. */
function defaults(draft: NetworkPolicy): void {
  const { spec } = draft
  if (spec === undefined) return
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of rule.ports ?? []) port.protocol ??= 'TCP'
  if ((spec.policyTypes ?? []).length > 0) return
  spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}

function validate({ spec }: NetworkPolicy): FieldError[] {
  const errors: Errors = []
  checkLabelSelector(errors, 'spec.podSelector', spec?.podSelector)
  spec?.ingress?.forEach((rule, index) => {
    checkPorts(errors, `spec.ingress[${index}].ports`, rule.ports ?? [])
    checkPeers(errors, `spec.ingress[${index}].from`, rule.from ?? [])
  })
  spec?.egress?.forEach((rule, index) => {
    checkPorts(errors, `spec.egress[${index}].ports`, rule.ports ?? [])
    checkPeers(errors, `spec.egress[${index}].to`, rule.to ?? [])
  })
  checkTypes(errors, spec?.policyTypes ?? [])
  return errors
}

function checkTypes(errors: Errors, types: readonly string[]): void {
  if (types.length > POLICY_TYPES.length) {
    errors.push(invalidValue('spec.policyTypes', types, 'may not specify more than two policyTypes'))
    return
  }
  types.forEach((type, index) => {
    if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`spec.policyTypes[${index}]`, type, POLICY_TYPES))
  })
}

function checkPorts(errors: Errors, path: string, ports: readonly NetworkPolicyPort[]): void {
  ports.forEach((port, index) => checkPort(errors, `${path}[${index}]`, port))
}

function checkPort(errors: Errors, path: string, { protocol, port, endPort }: NetworkPolicyPort): void {
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS))
  }
  if (typeof port === 'number') {
    for (const problem of portNumberErrors(port)) errors.push(invalidValue(`${path}.port`, port, problem))
    if (endPort === undefined) return
    if (endPort < port) errors.push(invalidValue(`${path}.endPort`, endPort, 'must be greater than or equal to `port`'))
    for (const problem of portNumberErrors(endPort)) errors.push(invalidValue(`${path}.endPort`, endPort, problem))
    return
  }
  if (endPort !== undefined) {
    const reason = port === undefined ? 'is not specified' : 'is non-numeric'
    errors.push(invalidValue(`${path}.endPort`, endPort, `may not be specified when \`port\` ${reason}`))
  }
  if (port !== undefined) for (const problem of portNameErrors(port)) errors.push(invalidValue(`${path}.port`, port, problem))
}

function checkPeers(errors: Errors, path: string, peers: readonly NetworkPolicyPeer[]): void {
  peers.forEach((peer, index) => checkPeer(errors, `${path}[${index}]`, peer))
}

function checkPeer(errors: Errors, path: string, { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): void {
  checkLabelSelector(errors, `${path}.podSelector`, podSelector)
  checkLabelSelector(errors, `${path}.namespaceSelector`, namespaceSelector)
  if (ipBlock !== undefined) checkBlock(errors, `${path}.ipBlock`, ipBlock)
  const bySelector = podSelector !== undefined || namespaceSelector !== undefined
  if (ipBlock === undefined && !bySelector) errors.push(required(path, 'must specify a peer'))
  else if (ipBlock !== undefined && bySelector) errors.push(forbiddenField(path, 'may not specify both ipBlock and another peer'))
}

function checkBlock(errors: Errors, path: string, { cidr, except = [] }: IPBlock): void {
  if ((cidr ?? '') === '') {
    errors.push(required(`${path}.cidr`))
    return
  }
  for (const problem of cidrErrors(cidr)) errors.push(invalidValue(`${path}.cidr`, cidr, problem))
  const block = parseSloppyCidr(cidr)
  if (block === undefined) return
  except.forEach((text, index) => {
    const field = `${path}.except[${index}]`
    for (const problem of cidrErrors(text)) errors.push(invalidValue(field, text, problem))
    const hole = parseSloppyCidr(text)
    if (hole !== undefined && !isWithin(block, hole)) errors.push(invalidValue(field, text, 'must be a strict subset of `cidr`'))
  })
}

function isWithin(block: Cidr, hole: Cidr): boolean {
  return cidrContains(block, networkOf(hole)) && block.prefixBits < hole.prefixBits
}

export const networkPolicies: ResourceDefinition<NetworkPolicy> = {
  ...plainResource,
  kind: kinds.NetworkPolicy,
  defaults,
  validateCreate: validate,
  validateUpdate: validate,
  generationOf: 'spec',
  columns: [
    textColumn('Pod-Selector', 'Labels of the pods that it is about.', ({ spec }) => selectorQuery(spec?.podSelector) || '<none>'),
    ageColumn,
  ],
}
