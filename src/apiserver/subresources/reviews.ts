import type { KubeObject } from '../../objects/kube-object.ts'
import { apiVersionOf } from '../../objects/kind.ts'
import { parseFieldSelector } from '../../objects/field-selector.ts'
import { parseLabelSelector } from '../../objects/label-selector.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import * as definitions from '../../resources/kinds/reviews.ts'
import type {
  NonResourceAttributes, ResourceAttributes, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview, SubjectAccessReviewStatus,
  SubjectRulesReviewStatus, TokenReview, TokenReviewStatus, UserInfo,
} from '../../resources/generated/types.ts'
import type { Authorizer, RequestInfo, User } from '../access.ts'
import type { RuleSource } from '../access/rule-source.ts'
import type { TokenReviewer } from '../access/token-reviewers.ts'
import type { ObjectCall, ObjectRoute } from '../route.ts'
import { bodyOf } from './body.ts'
import { badRequest, invalid, isStatus } from '../../words/status-error.ts'

export interface ReviewPorts {
  readonly authorizer: Authorizer
  readonly tokens: TokenReviewer
  readonly rules: RuleSource
}

/** Questions that the API answers and does not store: who am I, may I, may somebody else, whose token is this. */
export function reviewRoutes(ports: ReviewPorts): readonly ObjectRoute[] {
  return [
    review(definitions.tokenReviews, (call) => tokenStatus(bodyOf<TokenReview>(call), ports.tokens)),
    review(definitions.selfSubjectReviews, ({ user }) => Promise.resolve({ userInfo: userInfo(user) })),
    review(definitions.selfSubjectAccessReviews, (call) => accessStatus(ports, call.user, bodyOf<SelfSubjectAccessReview>(call).spec)),
    review(definitions.subjectAccessReviews, (call) => subjectStatus(ports, bodyOf<SubjectAccessReview>(call))),
    review(definitions.localSubjectAccessReviews, (call) => subjectStatus(ports, bodyOf<SubjectAccessReview>(call))),
    review(definitions.selfSubjectRulesReviews, (call) => Promise.resolve(rulesStatus(ports, call.user, bodyOf<SelfSubjectRulesReview>(call)))),
  ]
}

function review<T extends KubeObject>(definition: ResourceDefinition<T>, answer: (call: ObjectCall) => Promise<object>): ObjectRoute {
  const { kind } = definition
  return {
    type: 'object', group: kind.group, resource: kind.plural, subresource: '', verbs: ['create'],
    body: { group: kind.group, version: kind.version, kind: kind.kind, schema: kind.schema },
    async handle(call) {
      const asked = bodyOf<T>(call)
      if (kind.namespaced) asked.metadata = { ...asked.metadata, namespace: call.key.namespace }
      const errors = definition.validateCreate(asked)
      if (errors.length > 0) throw invalid(kind, asked.metadata?.name ?? '', errors)
      const { spec } = call.body
      const status = await answer(call)
      const object = {
        kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: { creationTimestamp: null, ...asked.metadata },
        ...(spec === undefined ? {} : { spec }), status,
      }
      return { status: 201, object }
    },
  }
}

async function tokenStatus({ spec }: TokenReview, tokens: TokenReviewer): Promise<TokenReviewStatus> {
  if ((spec.token ?? '') === '') throw badRequest('token is required for TokenReview in authentication')
  const found = await tokens.review(spec.token ?? '', spec.audiences ?? [])
  if (found.outcome === 'user') {
    return { authenticated: true, user: userInfo(found.user), ...(found.audiences.length === 0 ? {} : { audiences: [...found.audiences] }) }
  }
  return found.outcome === 'invalid' ? { user: {}, error: `[invalid bearer token, ${found.why}]` } : { user: {}, error: 'invalid bearer token' }
}

function userInfo(user: User): UserInfo {
  const extra = Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]]))
  return {
    username: user.name, ...(user.uid === '' ? {} : { uid: user.uid }), groups: [...user.groups],
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}

interface Asked {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: NonResourceAttributes
}

async function accessStatus({ authorizer }: ReviewPorts, user: User, asked: Asked): Promise<SubjectAccessReviewStatus> {
  const decision = await authorizer.authorize(user, infoOf(asked))
  const errors = [...(decision.error === undefined ? [] : [decision.error]), ...selectorErrors(asked)]
  return {
    allowed: decision.allowed, ...(decision.denied === true ? { denied: true } : {}), ...(decision.reason === '' ? {} : { reason: decision.reason }),
    ...(errors.length === 0 ? {} : { evaluationError: errors.join(', ') }),
  }
}

const KNOWN_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist']
const PARSERS = { fieldSelector: parseFieldSelector, labelSelector: parseLabelSelector } as const

/** What could not be taken into account of the selectors that the question is limited by. */
function selectorErrors({ resourceAttributes }: Asked): string[] {
  return (['fieldSelector', 'labelSelector'] as const).flatMap((field) => {
    const { rawSelector = '', requirements = [] } = resourceAttributes?.[field] ?? {}
    const known = requirements.filter(({ operator }) => KNOWN_OPERATORS.includes(operator)).length
    if (known === requirements.length && canParse(PARSERS[field], rawSelector)) return []
    return [`spec.resourceAttributes.${field} ${known > 0 ? 'partially ignored' : 'ignored'} due to parse error`]
  })
}

function canParse(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text)
    return true
  } catch (error) {
    if (isStatus(error, 'BadRequest')) return false
    throw error
  }
}

function subjectStatus(ports: ReviewPorts, { spec }: SubjectAccessReview): Promise<SubjectAccessReviewStatus> {
  const groups = spec.groups ?? []
  // Exactly what was asked about: whoever wants system:authenticated in it has to say so.
  const user: User = { name: spec.user ?? '', uid: spec.uid ?? '', groups, extra: spec.extra ?? {} }
  return accessStatus(ports, user, spec)
}

function infoOf({ resourceAttributes, nonResourceAttributes }: Asked): RequestInfo {
  const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path: '' }
  if (resourceAttributes === undefined) {
    return { ...nothing, isResource: false, verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' }
  }
  const { verb = '', group = '', version = '', resource = '', subresource = '', namespace = '', name = '' } = resourceAttributes
  const { fieldSelector, labelSelector } = resourceAttributes
  return {
    ...nothing, isResource: true, verb, group, version, resource, subresource, namespace, name,
    ...(fieldSelector === undefined ? {} : { fieldSelector: fieldSelector.requirements ?? fieldSelector.rawSelector ?? '' }),
    ...(labelSelector === undefined ? {} : { labelSelector: labelSelector.requirements ?? labelSelector.rawSelector ?? '' }),
  }
}

function rulesStatus(ports: ReviewPorts, user: User, { spec }: SelfSubjectRulesReview): SubjectRulesReviewStatus {
  if ((spec.namespace ?? '') === '') throw badRequest('no namespace on request')
  const { rules, incomplete, errors } = ports.rules.rulesFor(user, spec.namespace ?? '')
  const evaluationError = errors.length > 1 ? `[${errors.join(', ')}]` : errors[0]
  return {
    incomplete,
    ...(evaluationError === undefined ? {} : { evaluationError }),
    resourceRules: rules.filter((rule) => rule.nonResourceURLs === undefined).map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs, ...(apiGroups === undefined ? {} : { apiGroups }), ...(resources === undefined ? {} : { resources }),
      ...(resourceNames === undefined ? {} : { resourceNames }),
    })),
    nonResourceRules: rules.flatMap(({ verbs, nonResourceURLs }) => (nonResourceURLs === undefined ? [] : [{ verbs, nonResourceURLs }])),
  }
}
