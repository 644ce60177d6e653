import { kinds } from '../../resources/generated/kinds.ts'
import type { Namespace, Pod } from '../../resources/generated/types.ts'
import { detailText, violationsOf } from '../../policy/pod-security/evaluate.ts'
import { existingPodWarnings } from '../../policy/pod-security/existing-pods.ts'
import { makesPods, templateOf } from '../../policy/pod-security/pod-template-of.ts'
import { isSignificantUpdate } from '../../policy/pod-security/significant-update.ts'
import {
  compareLevels, isOpen, labelledStandards, openPolicy, policyOf, sameStandard, standardText,
} from '../../policy/pod-security/standard.ts'
import type { NamespacePolicy, Standard } from '../../policy/pod-security/standard.ts'
import type { Subject } from '../../policy/pod-security/subject.ts'
import type { FieldError } from '../../objects/field-error.ts'
import { sameJson } from '../../objects/json.ts'
import { invalid } from '../../words/status-error.ts'
import type { AdmissionRequest, ObjectReader, Validator, Verdict } from '../access.ts'
import { ALLOWED, allowedWith, refused } from './verdicts.ts'

export interface PodSecurityOptions {
  /** For namespaces without labels. */
  readonly defaults: NamespacePolicy
  readonly exemptions: PodSecurityExemptions
}

/** Names of namespaces, of users and of runtime classes that no standard is about. */
export interface PodSecurityExemptions {
  readonly namespaces: readonly string[]
  readonly users: readonly string[]
  readonly runtimeClasses: readonly string[]
}

export const defaultPodSecurity: PodSecurityOptions = {
  defaults: openPolicy, exemptions: { namespaces: [], users: [], runtimeClasses: [] },
}

/** Subresources of pods that cannot make one less safe. Any other is looked at, also one that does not exist yet. */
const HARMLESS: ReadonlySet<string> = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'])

/** The pod security standards, as a namespace's labels ask for them: refuses pods, and warns of whatever makes them. */
export function podSecurity(options: PodSecurityOptions): Validator {
  return {
    name: 'PodSecurity',
    matches({ operation, kind, subresource }) {
      if (operation !== 'CREATE' && operation !== 'UPDATE') return false
      if (kind.group === '' && kind.plural === 'pods') return !HARMLESS.has(subresource)
      return subresource === '' && ((kind.group === '' && kind.plural === 'namespaces') || makesPods(kind))
    },
    review(request, reader) {
      if (request.kind.plural === kinds.Namespace.plural) return reviewNamespace(request, reader, options)
      return reviewPods(request, reader, options)
    },
  }
}

function reviewPods(request: AdmissionRequest, reader: ObjectReader, { defaults, exemptions }: PodSecurityOptions): Verdict {
  const { namespace } = request.key
  if (exemptions.namespaces.includes(namespace)) return exempt(request, 'namespace')
  if (exemptions.users.includes(request.user.name)) return exempt(request, 'user')
  const { policy, errors } = policyOf(reader.get(kinds.Namespace, { namespace: '', name: namespace })?.metadata.labels, defaults)
  const isPod = request.kind.plural === kinds.Pod.plural && request.kind.group === ''
  if (isPod) request.audit?.annotate(`${AUDIT}enforce-policy`, standardText(policy.enforce))
  if (isOpen(policy) || request.object === undefined) return ALLOWED
  const subject = isPod ? podSubject(request) : templateOf(request.kind, request.object)
  if (subject === undefined) return ALLOWED
  if (exemptions.runtimeClasses.includes(subject.spec.runtimeClassName ?? '')) return exempt(request, 'runtimeClass')
  annotate(request, policy.audit, subject, errors)
  const refusal = isPod ? textFor(policy.enforce, subject) : undefined
  if (refusal !== undefined) return refused(403, `violates PodSecurity ${refusal}`)
  const warning = textFor(policy.warn, subject)
  return warning === undefined ? ALLOWED : allowedWith([`would violate PodSecurity ${warning}`])
}

const AUDIT = 'pod-security.kubernetes.io/'

function exempt(request: AdmissionRequest, why: string): Verdict {
  request.audit?.annotate(`${AUDIT}exempt`, why)
  return ALLOWED
}

/** What the audit is to know; worked out only where there is one. */
function annotate(request: AdmissionRequest, standard: Standard, subject: Subject, errors: readonly FieldError[]): void {
  if (request.audit === undefined) return
  if (errors.length > 0) {
    const texts = errors.map(({ field, message }) => `${field}: ${message}`).join(', ')
    request.audit.annotate(`${AUDIT}error`, `Failed to parse policy: ${errors.length === 1 ? texts : `[${texts}]`}`)
  }
  const violations = textFor(standard, subject)
  if (violations !== undefined) request.audit.annotate(`${AUDIT}audit-violations`, `would violate PodSecurity ${violations}`)
}

/** Undefined where the update changes nothing that matters. */
function podSubject({ object, old }: AdmissionRequest): Subject | undefined {
  const pod = object as Pod
  if (pod.spec === undefined || (old !== undefined && !isSignificantUpdate(pod, old as Pod))) return undefined
  return { metadata: pod.metadata, spec: pod.spec }
}

/** "restricted:latest": runAsNonRoot != true (...) */
function textFor(standard: Standard, subject: Subject): string | undefined {
  const violations = violationsOf(standard, subject)
  return violations.length === 0 ? undefined : `${JSON.stringify(standardText(standard))}: ${detailText(violations)}`
}

function reviewNamespace(request: AdmissionRequest, reader: ObjectReader, { defaults, exemptions }: PodSecurityOptions): Verdict {
  const namespace = request.object as Namespace
  const old = request.old as Namespace | undefined
  const name = request.key.name
  const { policy, errors } = policyOf(namespace.metadata.labels, defaults)
  const before = old && policyOf(old.metadata.labels, defaults)
  // What was wrong already does not stand in the way of other changes.
  if (errors.length > 0 && !sameJson(errors, before?.errors)) throw invalid(kinds.Namespace, name, errors)
  if (before !== undefined && !isTightened(policy.enforce, before.policy.enforce)) return ALLOWED
  if (exemptions.namespaces.includes(name)) return exemptWarning(namespace, policy, defaults)
  if (before === undefined) return ALLOWED
  return allowedWith(existingPodWarnings(name, policy.enforce, podsIn(name, reader, exemptions.runtimeClasses)))
}

function podsIn(namespace: string, reader: ObjectReader, exempt: readonly string[]): readonly Pod[] {
  return reader.list(kinds.Pod, namespace).filter(({ spec }) => !exempt.includes(spec?.runtimeClassName ?? ''))
}

function isTightened(now: Standard, before: Standard): boolean {
  if (sameStandard(now, before) || now.level === 'privileged') return false
  return now.version !== before.version || compareLevels(now.level, before.level) > 0
}

function exemptWarning(namespace: Namespace, policy: NamespacePolicy, defaults: NamespacePolicy): Verdict {
  if (isOpen(policy) || sameJson(policy, defaults)) return ALLOWED
  const asked = labelledStandards(namespace.metadata.labels, policy)
  const name = JSON.stringify(namespace.metadata.name)
  return allowedWith([`namespace ${name} is exempt from Pod Security, and the policy (${asked}) will be ignored`])
}
