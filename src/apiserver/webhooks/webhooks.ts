import type { KubeObject } from '../../objects/kube-object.ts'
import { selects } from '../../objects/selects.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type {
  LabelSelector, MatchCondition, MutatingWebhook, RuleWithOperations, ValidatingWebhook,
} from '../../resources/generated/types.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { Conditions } from '../../policy/admission-policy/policy-expressions.ts'
import type { AdmissionRequest, ObjectReader } from '../access.ts'
import type { Equivalent } from '../resource-set.ts'
import type { ReviewedObjects } from './admission-review.ts'
import { ruleMatches } from './webhook-rules.ts'

export type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>

export interface ConfiguredWebhook {
  /** The configuration's name; webhooks' names are unique only within it. */
  readonly configuration: string
  readonly hook: Webhook
}

/** The other faces of a resource, for matchPolicy Equivalent. */
export type Equivalents = (kind: KindRef) => readonly Equivalent[]

/** Whether all conditions hold (CEL, in their order); at once where no authorizer has to be waited for. */
export type MatchConditions = (
  conditions: readonly MatchCondition[], request: AdmissionRequest, of: ReviewedObjects,
) => Conditions | Promise<Conditions>

const MUTATING = kinds.MutatingWebhookConfiguration
const VALIDATING = kinds.ValidatingWebhookConfiguration

/** Nobody can lock himself out of what holds the locks: webhooks and policies say nothing of webhooks and policies. */
export function isExempt({ kind }: AdmissionRequest): boolean {
  return kind.group === MUTATING.group
}

/** In the order in which they are asked: by the names of their configurations, then as these list them. */
export function configuredWebhooks(reader: ObjectReader, of: 'mutating' | 'validating'): readonly ConfiguredWebhook[] {
  const configurations: readonly (KubeObject & { webhooks?: readonly Webhook[] })[] = reader.list(of === 'mutating' ? MUTATING : VALIDATING)
  if (configurations.length === 0) return []
  const sorted = configurations.toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  return sorted.flatMap(({ metadata, webhooks = [] }) => webhooks.map((hook) => ({ configuration: metadata.name ?? '', hook })))
}

/** Which requests a webhook or a policy is about. */
export interface MatchCriteria {
  readonly rules: readonly (RuleWithOperations & { readonly resourceNames?: readonly string[] })[]
  /** What is not meant, though the rules say so. */
  readonly excluded?: MatchCriteria['rules']
  readonly matchPolicy?: string
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
}

/** What a webhook or a policy is to be shown of this request; undefined: it does not concern it. */
export function reviewedUnder(
  criteria: MatchCriteria, request: AdmissionRequest, reader: ObjectReader, equivalents: Equivalents,
): ReviewedObjects | Promise<ReviewedObjects> | undefined {
  const face = faceUnder(criteria, request, reader, equivalents)
  if (face === undefined) return undefined
  return face === 'own' ? { kind: request.kind, object: request.object, old: request.old } : shownAs(face, request)
}

export function isMeantBy(criteria: MatchCriteria, request: AdmissionRequest, reader: ObjectReader, equivalents: Equivalents): boolean {
  return faceUnder(criteria, request, reader, equivalents) !== undefined
}

/** Not the body of a subresource, which is the same in all versions of the resource. */
export function isOfResource({ kind }: Equivalent, object: KubeObject | undefined): boolean {
  return object?.kind === kind.kind
}

/** At once where the server itself converts; otherwise a webhook that knows the versions is asked. */
export function shownAs(
  face: Equivalent, { object, old }: Pick<AdmissionRequest, 'object' | 'old'>,
): ReviewedObjects | Promise<ReviewedObjects> {
  if (!isOfResource(face, object ?? old)) return { kind: face.kind, object, old }
  const now = object && face.toThat(object)
  const before = old && face.toThat(old)
  if (!(now instanceof Promise) && !(before instanceof Promise)) return { kind: face.kind, object: now, old: before }
  return Promise.all([now, before]).then(([shownNow, shownBefore]) => ({ kind: face.kind, object: shownNow, old: shownBefore }))
}

function faceUnder(
  criteria: MatchCriteria, request: AdmissionRequest, reader: ObjectReader, equivalents: Equivalents,
): 'own' | Equivalent | undefined {
  const face = faceFor(criteria, request, equivalents)
  return face === undefined || !namespaceMatches(criteria, request, reader) || !objectMatches(criteria, request) ? undefined : face
}

export function reviewedBy(
  { rules = [], ...hook }: Webhook, request: AdmissionRequest, reader: ObjectReader, equivalents: Equivalents,
): ReviewedObjects | Promise<ReviewedObjects> | undefined {
  return reviewedUnder({ ...hook, rules }, request, reader, equivalents)
}

function faceFor(
  { rules, excluded = [], matchPolicy }: MatchCriteria, request: AdmissionRequest, equivalents: Equivalents,
): 'own' | Equivalent | undefined {
  const { subresource, operation, key } = request
  const covers = (list: MatchCriteria['rules'], kind: KindRef): boolean =>
    list.some((rule) => ruleMatches(rule, { kind, subresource, operation, ...key }))
  if (covers(excluded, request.kind)) return undefined
  if (covers(rules, request.kind)) return 'own'
  if (matchPolicy === 'Exact') return undefined
  const others = equivalents(request.kind)
  if (others.some(({ kind }) => covers(excluded, kind))) return undefined
  return others.find(({ kind }) => covers(rules, kind))
}

/** A namespace is judged by its own labels, all else by those of the namespace that it is in; what is in none is always meant. */
function namespaceMatches(
  { namespaceSelector }: MatchCriteria, { kind, key, object, old }: AdmissionRequest, reader: ObjectReader,
): boolean {
  if (namespaceSelector === undefined || isEmpty(namespaceSelector)) return true
  if (kind.group === '' && kind.plural === 'namespaces') return selects(namespaceSelector, (object ?? old)?.metadata.labels)
  if (key.namespace === '') return true
  return selects(namespaceSelector, reader.get(kinds.Namespace, { namespace: '', name: key.namespace })?.metadata.labels)
}

/** Either state may match: nobody gets past by taking a label away. */
function objectMatches({ objectSelector }: MatchCriteria, { object, old }: AdmissionRequest): boolean {
  if (objectSelector === undefined || isEmpty(objectSelector)) return true
  return [object, old].some((each) => isLabelled(each) && selects(objectSelector, each.metadata.labels))
}

/** What is asked of a pod (PodExecOptions) has no metadata. */
function isLabelled(object: KubeObject | undefined): object is KubeObject {
  return object !== undefined && 'metadata' in object
}

function isEmpty(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
}
