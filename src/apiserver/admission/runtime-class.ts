import { applyRuntimeClass, missingRuntimeClass, overheadProblem } from '../../policy/runtime-class/apply-runtime-class.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, RuntimeClass } from '../../resources/generated/types.ts'
import type { AdmissionRequest, Mutator, ObjectReader, Validator } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'
import { isPodWrite, podOf } from './pod-writes.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

/** A pod with a runtime class gets what the class says of its runtime. */
export const runtimeClassDefaults: Mutator = {
  name: 'RuntimeClass',
  matches: (request) => request.operation === 'CREATE' && podOf(request)?.spec?.runtimeClassName !== undefined,
  admit(request, reader) {
    const { spec } = request.object as Pod
    if (spec === undefined) return
    const found = classOf(request, reader)
    const problem = found === undefined ? missingRuntimeClass(spec.runtimeClassName ?? '') : applyRuntimeClass(spec, found)
    if (problem !== undefined) throw forbiddenRequest(request, problem)
  },
}

export const runtimeClassOverhead: Validator = {
  name: 'RuntimeClass',
  matches(request) {
    if (request.operation !== 'CREATE' || !isPodWrite(request)) return false
    const spec = podOf(request)?.spec
    return spec?.runtimeClassName !== undefined || spec?.overhead !== undefined
  },
  review(request, reader) {
    const { spec } = request.object as Pod
    if (spec === undefined) return ALLOWED
    const found = classOf(request, reader)
    const isMissing = found === undefined && spec.runtimeClassName !== undefined
    const problem = isMissing ? missingRuntimeClass(spec.runtimeClassName ?? '') : overheadProblem(spec, found)
    return problem === undefined ? ALLOWED : forbiddenBecause(problem)
  },
}

function classOf(request: AdmissionRequest, reader: ObjectReader): RuntimeClass | undefined {
  const name = podOf(request)?.spec?.runtimeClassName
  return name === undefined ? undefined : reader.get(kinds.RuntimeClass, { namespace: '', name })
}
