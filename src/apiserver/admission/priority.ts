import { resolvePriority, secondDefault } from '../../policy/priority/resolve-priority.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, PriorityClass } from '../../resources/generated/types.ts'
import type { Mutator, Validator } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'
import { isPodWrite } from './pod-writes.ts'
import { isAbout, isWrite } from './targets.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

/** A pod's class becomes a number, once: what the class says later changes nothing. An update that leaves the number out keeps it. */
export const priority: Mutator = {
  name: 'Priority',
  matches(request) {
    if (!isPodWrite(request)) return false
    if (request.operation === 'CREATE') return true
    return request.operation === 'UPDATE' && lacksPriority(request.object as Pod, request.old as Pod)
  },
  admit(request, reader) {
    const { spec } = request.object as Pod
    if (spec === undefined) return
    if (request.operation === 'UPDATE') {
      const before = (request.old as Pod).spec
      if (before?.priority !== undefined) spec.priority ??= before.priority
      if (before?.preemptionPolicy !== undefined) spec.preemptionPolicy ??= before.preemptionPolicy
      return
    }
    const resolved = resolvePriority(spec, reader.list(kinds.PriorityClass))
    if ('refusal' in resolved) throw forbiddenRequest(request, resolved.refusal)
    if (resolved.priorityClassName !== '') spec.priorityClassName = resolved.priorityClassName
    spec.priority = resolved.priority
    if (resolved.preemptionPolicy !== undefined) spec.preemptionPolicy = resolved.preemptionPolicy
  },
}

function lacksPriority({ spec }: Pod, { spec: before }: Pod): boolean {
  return (spec?.priority === undefined && before?.priority !== undefined)
    || (spec?.preemptionPolicy === undefined && before?.preemptionPolicy !== undefined)
}

export const oneDefaultPriority: Validator = {
  name: 'Priority',
  matches: (request) => isWrite(request) && isAbout(request, kinds.PriorityClass.group, kinds.PriorityClass.plural),
  review(request, reader) {
    const problem = secondDefault(request.object as PriorityClass, reader.list(kinds.PriorityClass))
    return problem === undefined ? ALLOWED : forbiddenBecause(problem)
  },
}
