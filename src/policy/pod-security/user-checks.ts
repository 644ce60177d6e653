import { containersOf, containersText, settersText } from './subject.ts'
import type { Subject, Violation } from './subject.ts'

/** A container says it itself, or the pod says it for those that are silent. */
export function runAsNonRoot({ spec }: Subject): Violation | undefined {
  const reason = 'runAsNonRoot != true'
  const forAll = spec.securityContext?.runAsNonRoot
  const refusing: string[] = []
  const silent: string[] = []
  for (const { name, securityContext } of containersOf(spec)) {
    const own = securityContext?.runAsNonRoot
    if (own === false) refusing.push(name)
    else if (own === undefined && forAll !== true) silent.push(name)
  }
  const setters = settersText(forAll === false, refusing)
  if (setters !== '') return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` }
  return silent.length === 0 ? undefined : { reason, detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true` }
}

export function runAsUser({ spec }: Subject): Violation | undefined {
  const names = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsUser === 0).map(({ name }) => name)
  const setters = settersText(spec.securityContext?.runAsUser === 0, names)
  return setters === '' ? undefined : { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` }
}
