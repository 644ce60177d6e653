import type { KubeObject } from '../../objects/kube-object.ts'
import { apiVersionOf } from '../../objects/kind.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import * as definitions from '../../resources/kinds/reviews.ts'
import type {
  NonResourceAttributes, ResourceAttributes, SelfSubjectAccessReview, SelfSubjectRulesReview,
  SubjectAccessReview, SubjectAccessReviewStatus,
  SubjectRulesReviewStatus, TokenReview, TokenReviewStatus, UserInfo,
} from '../../resources/generated/types.ts'
import type { Authorizer, RequestInfo, User } from '../access.ts'
import type { RuleSource } from '../access/rule-source.ts'
import type { TokenReviewer } from '../access/token-reviewers.ts'
import type { ObjectCall, ObjectRoute } from '../route.ts'
import { bodyOf } from './body.ts'
import { readFields, readLabels, type ReadSelector } from './review-selectors.ts'
import { formatTime } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'
import { badRequest, invalid } from '../../words/status-error.ts'

export interface ReviewPorts {
  readonly authorizer: Authorizer
  readonly tokens: TokenReviewer
  readonly rules: RuleSource
  readonly clock: Clock
}

/** Questions that the API answers and does not store: who am I, may I, may somebody else, whose token is this. */
export function reviewRoutes(ports: ReviewPorts): readonly ObjectRoute[] {
  return [
    review(definitions.tokenReviews, (call) => tokenStatus(bodyOf<TokenReview>(call), ports.tokens)),
    review(definitions.selfSubjectReviews, ({ user }) => Promise.resolve({ userInfo: userInfo(user) }), () => ({
      metadata: { creationTimestamp: formatTime(ports.clock.now()) },
    })),
    review(definitions.selfSubjectAccessReviews, (call) => accessStatus(ports, call.user, bodyOf<SelfSubjectAccessReview>(call).spec)),
    review(definitions.subjectAccessReviews, (call) => subjectStatus(ports, bodyOf<SubjectAccessReview>(call))),
    review(definitions.localSubjectAccessReviews, (call) => subjectStatus(ports, bodyOf<SubjectAccessReview>(call))),
    review(
      definitions.selfSubjectRulesReviews, (call) => Promise.resolve(rulesStatus(ports, call.user, bodyOf<SelfSubjectRulesReview>(call))),
      () => ({ metadata: { creationTimestamp: null }, spec: {} }),
    ),
  ]
}

/** rest: what the answer has beside the status, where that is not the question itself. */
function review<T extends KubeObject>(
  definition: ResourceDefinition<T>, answer: (call: ObjectCall) => Promise<object>, rest?: () => object,
): ObjectRoute {
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
      const question = (): object => ({
        metadata: { creationTimestamp: null, ...asked.metadata }, ...(spec === undefined ? {} : { spec }),
      })
      const object = { kind: kind.kind, apiVersion: apiVersionOf(kind), ...(rest ?? question)(), status }
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
  return found.outcome === 'invalid'
    ? { user: {}, error: `[invalid bearer token, ${found.why}]` }
    : { user: {}, error: 'invalid bearer token' }
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
  const { info, problems } = questionOf(asked)
  const decision = await authorizer.authorize(user, info)
  const errors = [...(decision.error === undefined ? [] : [decision.error]), ...problems]
  return {
    allowed: decision.allowed, ...(decision.denied === true ? { denied: true } : {}),
    ...(decision.reason === '' ? {} : { reason: decision.reason }),
    ...(errors.length === 0 ? {} : { evaluationError: errors.join('; ') }),
  }
}

function subjectStatus(ports: ReviewPorts, { spec }: SubjectAccessReview): Promise<SubjectAccessReviewStatus> {
  const groups = spec.groups ?? []
  // Exactly what was asked about: whoever wants system:authenticated in it has to say so.
  const user: User = { name: spec.user ?? '', uid: spec.uid ?? '', groups, extra: spec.extra ?? {} }
  return accessStatus(ports, user, spec)
}

const NOTHING = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path: '' }

/** What is asked, and what of its selectors could not be taken into account. */
function questionOf(
  { resourceAttributes, nonResourceAttributes }: Asked,
): { readonly info: RequestInfo; readonly problems: readonly string[] } {
  if (resourceAttributes === undefined) {
    return {
      info: { ...NOTHING, isResource: false, verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' },
      problems: [],
    }
  }
  const { verb = '', group = '', version = '', resource = '', subresource = '', namespace = '', name = '' } = resourceAttributes
  const fields = readFields(resourceAttributes.fieldSelector)
  const labels = readLabels(resourceAttributes.labelSelector)
  return {
    info: {
      ...NOTHING, isResource: true, verb, group, version: version === '' ? '*' : version, resource, subresource, namespace, name,
      ...(fields.terms.length === 0 ? {} : { fieldSelector: fields.terms }),
      ...(labels.terms.length === 0 ? {} : { labelSelector: labels.terms }),
    },
    problems: [...problemOf('fieldSelector', fields), ...problemOf('labelSelector', labels)],
  }
}

function problemOf(field: string, { terms, isWhole }: ReadSelector): string[] {
  return isWhole ? [] : [`spec.resourceAttributes.${field} ${terms.length > 0 ? 'partially ignored' : 'ignored'} due to parse error`]
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
