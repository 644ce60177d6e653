import { checksOf } from './checks.ts'
import type { Standard } from './standard.ts'
import type { Check, Subject, Violation } from './subject.ts'

/** Everything about a pod that a standard does not allow; empty where it is fine. */
export function violationsOf(standard: Standard, subject: Subject): readonly Violation[] {
  return failedOf(checksOf(standard), subject)
}

/** For many subjects and one standard: its checks are looked up once. */
export function failedOf(checks: readonly Check[], subject: Subject): readonly Violation[] {
  return checks.flatMap((check) => check(subject) ?? [])
}

/** host namespaces (hostPID=true), privileged (container "a" must not ...) */
export function detailText(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ')
}

/** host namespaces, privileged */
export function reasonText(violations: readonly Violation[]): string {
  return violations.map(({ reason }) => reason).join(', ')
}
