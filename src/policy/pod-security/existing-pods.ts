import { controllerOf } from '../../objects/kube-object.ts'
import type { Pod } from '../../resources/generated/types.ts'
import { checksOf } from './checks.ts'
import { failedOf, reasonText } from './evaluate.ts'
import { standardText } from './standard.ts'
import type { Standard } from './standard.ts'

/** A namespace of any size is looked at within a bounded time. */
const MAX_PODS = 3_000

/** What a user should hear who makes a namespace stricter than the pods in it: one line for each kind of trouble. */
export function existingPodWarnings(namespace: string, standard: Standard, pods: readonly Pod[]): readonly string[] {
  const ordered = oneOfEachControllerFirst(pods)
  const checked = ordered.slice(0, MAX_PODS)
  const checks = checksOf(standard)
  const names = new Map<string, string[]>()
  for (const { metadata, spec } of checked) {
    if (spec === undefined) continue
    const violations = failedOf(checks, { metadata, spec })
    if (violations.length === 0) continue
    const reason = reasonText(violations)
    names.set(reason, [...(names.get(reason) ?? []), metadata.name ?? ''])
  }
  const warnings: string[] = []
  if (checked.length < ordered.length) {
    warnings.push(`new PodSecurity enforce level only checked against the first ${checked.length} of ${ordered.length} existing pods`)
  }
  if (names.size > 0) {
    const level = JSON.stringify(standardText(standard))
    warnings.push(`existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${level}`)
  }
  return [...warnings, ...[...names].map(([reason, broken]) => `${namesText(broken)}: ${reason}`).sort()]
}

/** Pods of one controller are alike: with many pods, one of each tells more. */
function oneOfEachControllerFirst(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>()
  const first: Pod[] = []
  const others: Pod[] = []
  for (const pod of pods) {
    const uid = controllerOf(pod)?.uid
    if (uid !== undefined && seen.has(uid)) others.push(pod)
    else first.push(pod)
    if (uid !== undefined) seen.add(uid)
  }
  return [...first, ...others]
}

function namesText(names: readonly string[]): string {
  const [first = ''] = [...names].sort()
  if (names.length === 1) return first
  return names.length === 2 ? `${first} (and 1 other pod)` : `${first} (and ${names.length - 1} other pods)`
}
