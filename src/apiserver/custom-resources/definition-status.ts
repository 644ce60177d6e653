import { findCondition, isConditionTrue } from '../../objects/conditions.ts'
import { sameJson } from '../../objects/json.ts'
import type {
  CustomResourceDefinition, CustomResourceDefinitionCondition, CustomResourceDefinitionNames, CustomResourceDefinitionStatus,
} from '../../resources/generated/types.ts'
import { formatTime, parseTime, type Instant } from '../../words/instant.ts'

type Names = CustomResourceDefinitionNames
type Told = Pick<CustomResourceDefinitionCondition, 'type' | 'status' | 'reason' | 'message'>

/** Names of other definitions of the group. Words may not be used twice for resources, nor kinds for kinds. */
interface Taken {
  readonly words: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

/**
 * The status that a definition should have, beside others of its group: the names that it may use, and whether it is served.
 * The same object as its present status where nothing changes.
 */
export function definitionStatus(
  crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[], now: Instant,
): CustomResourceDefinitionStatus {
  const { accepted, conflict } = acceptNames(crd, takenBy(others))
  const wasEstablished = isConditionTrue(crd.status?.conditions, 'Established')
  const told: Told[] = [
    conflict === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...conflict },
    conflict === undefined || wasEstablished
      ? { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
      : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
    ...approval(crd),
  ]
  const conditions = told.reduce((present, each) => withCondition(present, each, now), crd.status?.conditions ?? [])
  const status = { ...crd.status, acceptedNames: accepted, conditions }
  return crd.status !== undefined && sameJson(status, crd.status) ? crd.status : status
}

/** How far the deletion of a definition's objects is. */
export type Emptying =
  | { readonly outcome: 'in-progress' | 'done' | 'never-established' }
  /** Deletions were refused. */
  | { readonly outcome: 'failed'; readonly why: string }

/** After so long objects that are still there are held by somebody. */
const CHECK_AFTER_MS = 60_000

/** The status of a definition that is being deleted. */
export function terminatingStatus(crd: CustomResourceDefinition, emptying: Emptying, now: Instant): CustomResourceDefinitionStatus {
  const conditions = withCondition(crd.status?.conditions ?? [], { type: 'Terminating', ...toldOf(crd, emptying, now) }, now)
  return conditions === crd.status?.conditions ? crd.status : { ...crd.status, conditions }
}

function toldOf(crd: CustomResourceDefinition, emptying: Emptying, now: Instant): Omit<Told, 'type'> {
  switch (emptying.outcome) {
    case 'in-progress': {
      const since = parseTime(findCondition(crd.status?.conditions ?? [], 'Terminating')?.lastTransitionTime ?? '') ?? now
      if (now - since < CHECK_AFTER_MS) {
        return { status: 'True', reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' }
      }
      const message = 'could not confirm zero CustomResources remaining: timed out waiting for the condition'
      return { status: 'True', reason: 'InstanceDeletionCheck', message }
    }
    case 'failed': return { status: 'True', reason: 'InstanceDeletionFailed', message: `could not issue all deletes: ${emptying.why}` }
    case 'never-established': return { status: 'False', reason: 'NeverEstablished', message: 'resource was never established' }
    case 'done': return { status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' }
  }
}

function withCondition(conditions: CustomResourceDefinitionCondition[], told: Told, now: Instant): CustomResourceDefinitionCondition[] {
  const present = findCondition(conditions, told.type)
  if (present !== undefined && present.status === told.status && present.reason === told.reason && present.message === told.message) {
    return conditions
  }
  const lastTransitionTime = present !== undefined && present.status === told.status && present.lastTransitionTime !== undefined
    ? present.lastTransitionTime
    : formatTime(now)
  const next = { lastTransitionTime, ...told }
  return present === undefined ? [...conditions, next] : conditions.map((condition) => (condition === present ? next : condition))
}

/** Groups of Kubernetes' own are for APIs that were approved (KEP-1111): an annotation says so. */
function approval({ spec, metadata }: CustomResourceDefinition): Told[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return []
  const annotation = metadata.annotations?.['api-approved.kubernetes.io'] ?? ''
  const type = 'KubernetesAPIApprovalPolicyConformant'
  if (annotation === '') {
    return [{
      type, status: 'False', reason: 'MissingAnnotation',
      message: 'protected groups must have approval annotation "api-approved.kubernetes.io",'
        + ' see https://github.com/kubernetes/enhancements/pull/1111',
    }]
  }
  if (annotation.startsWith('unapproved')) {
    return [{ type, status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(annotation)}` }]
  }
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/\s]+/.test(annotation)) {
    return [{ type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${annotation}` }]
  }
  const needed =
    'protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved"'
  return [{
    type, status: 'False', reason: 'InvalidAnnotation',
    message: `${needed}, see https://github.com/kubernetes/enhancements/pull/1111`,
  }]
}

/** What others were granted stays theirs; who asks for it is refused that name and keeps what it had. Of several conflicts the last is told. */
function acceptNames(
  { spec, status }: CustomResourceDefinition, { words, kinds }: Taken,
): { accepted: Names; conflict: Pick<Told, 'reason' | 'message'> | undefined } {
  const { names } = spec
  const had = status?.acceptedNames ?? { plural: '', kind: '' }
  const conflicts: { reason: string; message: string }[] = []
  const grant = (name: string, isTaken: boolean, before: string, reason: string): string => {
    if (!isTaken || name === before) return name
    conflicts.push({ reason, message: `${JSON.stringify(name)} is already in use` })
    return before
  }
  const accepted: Names = {
    plural: grant(names.plural, words.has(names.plural), had.plural, 'PluralConflict'),
    singular: grant(names.singular ?? '', words.has(names.singular ?? ''), had.singular ?? '', 'SingularConflict'),
    ...shortNames(names, had, words, conflicts),
    kind: grant(names.kind, kinds.has(names.kind), had.kind, 'KindConflict'),
    listKind: grant(names.listKind ?? '', kinds.has(names.listKind ?? ''), had.listKind ?? '', 'ListKindConflict'),
    ...(names.categories === undefined ? {} : { categories: names.categories }),
  }
  return { accepted, conflict: conflicts.at(-1) }
}

function shortNames(
  names: Names, had: Names, words: ReadonlySet<string>, conflicts: { reason: string; message: string }[],
): { shortNames?: string[] } {
  const wanted = names.shortNames
  if (wanted === undefined) return {}
  const taken = wanted.filter((name) => words.has(name) && had.shortNames?.includes(name) !== true)
  if (taken.length === 0) return { shortNames: wanted }
  const messages = taken.map((name) => `${JSON.stringify(name)} is already in use`)
  conflicts.push({ reason: 'ShortNamesConflict', message: messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]` })
  return had.shortNames === undefined ? {} : { shortNames: had.shortNames }
}

function takenBy(others: readonly CustomResourceDefinition[]): Taken {
  const accepted = others.flatMap(({ status }) => (status?.acceptedNames === undefined ? [] : [status.acceptedNames]))
  const given = (names: readonly (string | undefined)[]): Set<string> => (
    new Set(names.filter((name) => name !== undefined && name !== '')) as Set<string>
  )
  return {
    words: given(accepted.flatMap(({ plural, singular, shortNames: short = [] }) => [plural, singular, ...short])),
    kinds: given(accepted.flatMap(({ kind, listKind }) => [kind, listKind])),
  }
}
