import { sameJson } from '../../objects/json.ts'
import type { PodSpec, RuntimeClass } from '../../resources/generated/types.ts'
import { mergeTolerations } from '../tolerations/merge.ts'

const OTHER_OVERHEAD = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"

/** Gives the draft of a pod what its runtime takes and where it is installed. Why it is refused; undefined where all is well. */
export function applyRuntimeClass(spec: PodSpec, runtimeClass: RuntimeClass): string | undefined {
  const { overhead, scheduling } = runtimeClass
  if (overhead !== undefined) {
    if (spec.overhead !== undefined && !sameJson(spec.overhead, overhead.podFixed ?? {})) return OTHER_OVERHEAD
    if (overhead.podFixed !== undefined) spec.overhead = { ...overhead.podFixed }
  }
  if (scheduling === undefined) return undefined
  const { nodeSelector = {}, tolerations = [] } = scheduling
  for (const key in nodeSelector) {
    const [wanted, given] = [nodeSelector[key], spec.nodeSelector?.[key]]
    if (given !== undefined && given !== wanted) {
      return `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${wanted}; pod.spec.nodeSelector[${key}] = ${given}`
    }
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector }
  if (tolerations.length > 0) spec.tolerations = mergeTolerations(spec.tolerations ?? [], tolerations)
  return undefined
}

/** Only the runtime class says what its runtime takes. */
export function overheadProblem(spec: PodSpec, runtimeClass: RuntimeClass | undefined): string | undefined {
  if (runtimeClass?.overhead !== undefined) {
    return sameJson(spec.overhead ?? {}, runtimeClass.overhead.podFixed ?? {}) ? undefined : OTHER_OVERHEAD
  }
  return spec.overhead === undefined ? undefined : 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'
}

export function missingRuntimeClass(name: string): string {
  return `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`
}
