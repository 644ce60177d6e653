import { dnsLabelErrors, dnsSubdomainErrors } from '../../../objects/names.ts'
import { sizeForCost, STRING_FACTOR, type CostOf } from '../call-cost.ts'
import { declare, member } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { boolType, opaqueType, stringType } from '../types.ts'
import { CelError, type OpaqueValue, type Value } from '../values.ts'

const PREFIX = 'kubernetes.authorization'
export const authorizerType = opaqueType(`${PREFIX}.Authorizer`)
const pathCheckType = opaqueType(`${PREFIX}.PathCheck`)
const groupCheckType = opaqueType(`${PREFIX}.GroupCheck`)
export const resourceCheckType = opaqueType(`${PREFIX}.ResourceCheck`)
const decisionType = opaqueType(`${PREFIX}.Decision`)

/** What an expression asks about. */
export interface AuthorizationQuestion {
  /** Undefined: the user whose request is being looked at. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | undefined
  readonly verb: string
  readonly about: PathQuestion | ResourceQuestion
}

export interface PathQuestion {
  readonly kind: 'path'
  readonly path: string
}

export interface ResourceQuestion {
  readonly kind: 'resource'
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly fieldSelector: string | undefined
  readonly labelSelector: string | undefined
}

export interface AuthorizationDecision {
  readonly allowed: boolean
  readonly reason: string
  /** Empty when the authorizer could decide. */
  readonly error: string
}

/**
 * Port: decides at once. Evaluation never waits, so that a caller whose authorizer does notes the questions whose answers are not known
 * yet (undefined), throws the result away, and evaluates again when they are.
 */
export interface DecisionPort {
  decide(question: AuthorizationQuestion): AuthorizationDecision | undefined
}

type Subject = AuthorizationQuestion['serviceAccount']

class AuthorizerValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName = authorizerType.name
  readonly port: DecisionPort
  readonly subject: Subject

  constructor(port: DecisionPort, subject: Subject) {
    this.port = port
    this.subject = subject
  }

  equals(other: OpaqueValue): boolean {
    return other === this
  }
}

class CheckValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName: string
  readonly authorizer: AuthorizerValue
  readonly about: PathQuestion | ResourceQuestion

  constructor(typeName: string, authorizer: AuthorizerValue, about: PathQuestion | ResourceQuestion) {
    this.typeName = typeName
    this.authorizer = authorizer
    this.about = about
  }

  equals(other: OpaqueValue): boolean {
    return other === this
  }
}

class DecisionValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName = decisionType.name
  readonly decision: AuthorizationDecision

  constructor(decision: AuthorizationDecision) {
    this.decision = decision
  }

  equals(other: OpaqueValue): boolean {
    return other === this
  }
}

/** The value of the variable authorizer. */
export function authorizerValue(port: DecisionPort): OpaqueValue {
  return new AuthorizerValue(port, undefined)
}

export type RequestedResource = Omit<ResourceQuestion, 'kind' | 'fieldSelector' | 'labelSelector'>

/** The value of the variable authorizer.requestResource. */
export function requestResourceValue(port: DecisionPort, question: RequestedResource): OpaqueValue {
  const about: ResourceQuestion = { kind: 'resource', fieldSelector: undefined, labelSelector: undefined, ...question }
  return new CheckValue(resourceCheckType.name, new AuthorizerValue(port, undefined), about)
}

function path(authorizer: AuthorizerValue, text: string): Value {
  if (text.trim() === '') return new CelError('path must not be empty')
  return new CheckValue(pathCheckType.name, authorizer, { kind: 'path', path: text })
}

const anyResource: ResourceQuestion = {
  kind: 'resource', group: '', resource: '', subresource: '', namespace: '', name: '', fieldSelector: undefined, labelSelector: undefined,
}

function group(authorizer: AuthorizerValue, name: string): Value {
  return new CheckValue(groupCheckType.name, authorizer, { ...anyResource, group: name })
}

function serviceAccount(authorizer: AuthorizerValue, namespace: string, name: string): Value {
  const nameErrors = dnsSubdomainErrors(name)
  if (nameErrors.length > 0) return new CelError(`Invalid service account name: ${nameErrors.join(', ')}`)
  const namespaceErrors = dnsLabelErrors(namespace)
  if (namespaceErrors.length > 0) return new CelError(`Invalid service account namespace: ${namespaceErrors.join(', ')}`)
  return new AuthorizerValue(authorizer.port, { namespace, name })
}

/** The check with a part of its question replaced. */
function narrowed(check: CheckValue, typeName: string, part: Partial<ResourceQuestion>): Value {
  if (check.about.kind !== 'resource') return new CelError('no such overload')
  return new CheckValue(typeName, check.authorizer, { ...check.about, ...part })
}

function resource(check: CheckValue, name: string): Value {
  return name.trim() === '' ? new CelError('resource must not be empty') : narrowed(check, resourceCheckType.name, { resource: name })
}

function decide(check: CheckValue, verb: string): Value {
  const { port, subject } = check.authorizer
  const decision = port.decide({ serviceAccount: subject, verb, about: check.about })
  return decision === undefined ? new CelError('the authorizer has not answered yet') : new DecisionValue(decision)
}

function part(name: string, id: string, make: (value: string) => Partial<ResourceQuestion>): ReturnType<typeof declare> {
  const narrow = (check: CheckValue, value: string): Value => narrowed(check, resourceCheckType.name, make(value))
  return declare(name, member(id, [resourceCheckType, stringType], resourceCheckType, narrow))
}

const CHECK_COST = 350_000

/** Questions to the authorizer: authorizer.group('').resource('pods').namespace('default').check('create').allowed(). */
export const authorizerLibrary: Library = {
  name: 'kubernetes.authz',
  types: new Map([authorizerType, pathCheckType, groupCheckType, resourceCheckType, decisionType].map((type) => [type.name, type])),
  costs: new Map([['check', CHECK_COST]]),
  functions: [
    declare('path', member('authorizer_path', [authorizerType, stringType], pathCheckType, path)),
    declare('group', member('authorizer_group', [authorizerType, stringType], groupCheckType, group)),
    declare(
      'serviceAccount',
      member('authorizer_serviceaccount', [authorizerType, stringType, stringType], authorizerType, serviceAccount),
    ),
    declare('resource', member('groupcheck_resource', [groupCheckType, stringType], resourceCheckType, resource)),
    part('subresource', 'resourcecheck_subresource', (subresource) => ({ subresource })),
    part('namespace', 'resourcecheck_namespace', (namespace) => ({ namespace })),
    part('name', 'resourcecheck_name', (name) => ({ name })),
    declare(
      'check',
      member('pathcheck_check', [pathCheckType, stringType], decisionType, decide),
      member('resourcecheck_check', [resourceCheckType, stringType], decisionType, decide),
    ),
    declare('allowed', member('decision_allowed', [decisionType], boolType, ({ decision }: DecisionValue) => decision.allowed)),
    declare('reason', member('decision_reason', [decisionType], stringType, ({ decision }: DecisionValue) => decision.reason)),
    declare('errored', member('decision_errored', [decisionType], boolType, ({ decision }: DecisionValue) => decision.error !== '')),
    declare('error', member('decision_error', [decisionType], stringType, ({ decision }: DecisionValue) => decision.error)),
  ],
}

/** A requirement is two characters long at least, and each costs 50 to be looked at. */
const selectorCost: CostOf = {
  before: ([, selector = null]) => 10 + Math.ceil(sizeForCost(selector) / 2) * 50 + Math.ceil(sizeForCost(selector) * STRING_FACTOR),
}

/** Checks of lists by what they select (Kubernetes 1.31). */
export const authorizerSelectorsLibrary: Library = {
  name: 'kubernetes.authzSelectors',
  costs: new Map([['fieldSelector', selectorCost], ['labelSelector', selectorCost]]),
  functions: [
    part('fieldSelector', 'authorizer_fieldselector', (fieldSelector) => ({ fieldSelector })),
    part('labelSelector', 'authorizer_labelselector', (labelSelector) => ({ labelSelector })),
  ],
}
