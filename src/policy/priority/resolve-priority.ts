import type { PodSpec, PriorityClass } from '../../resources/generated/types.ts'

/** Of several defaults, which only a race can bring about, the lowest. */
function defaultPriorityClass(classes: readonly PriorityClass[]): PriorityClass | undefined {
  return classes
    .filter(({ globalDefault }) => globalDefault === true)
    .reduce<PriorityClass | undefined>((lowest, each) => (lowest === undefined || each.value < lowest.value ? each : lowest), undefined)
}

export type ResolvedPriority =
  | { readonly priorityClassName: string; readonly priority: number; readonly preemptionPolicy: string | undefined }
  | { readonly refusal: string }

const PREEMPTS = 'PreemptLowerPriority'

/** What a pod's class says; of a pod without one, what the default class says, or that it is of no importance. */
export function resolvePriority(spec: PodSpec, classes: readonly PriorityClass[]): ResolvedPriority {
  const asked = spec.priorityClassName ?? ''
  const found = asked === '' ? defaultPriorityClass(classes) : classes.find(({ metadata }) => metadata.name === asked)
  if (found === undefined && asked !== '') return { refusal: `no PriorityClass with name ${asked} was found` }
  const { value = 0, preemptionPolicy } = found ?? { value: 0, preemptionPolicy: PREEMPTS }
  if (spec.priority !== undefined && spec.priority !== value) {
    return { refusal: ownValue('integer value of priority', spec.priority, value) }
  }
  if (spec.preemptionPolicy !== undefined && preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    return { refusal: ownValue('string value of PreemptionPolicy', spec.preemptionPolicy, preemptionPolicy) }
  }
  return { priorityClassName: found?.metadata.name ?? '', priority: value, preemptionPolicy: preemptionPolicy ?? spec.preemptionPolicy }
}

function ownValue(what: string, given: number | string, computed: number | string): string {
  const computes = `priority admission controller computed ${computed} from the given PriorityClass name`
  return `the ${what} (${given}) must not be provided in pod spec; ${computes}`
}

/** Why a class may not be the default; undefined where it may, or does not want to be. */
export function secondDefault(wanted: PriorityClass, others: readonly PriorityClass[]): string | undefined {
  if (wanted.globalDefault !== true) return undefined
  const standing = defaultPriorityClass(others.filter(({ metadata }) => metadata.name !== wanted.metadata.name))
  return standing && `PriorityClass ${standing.metadata.name} is already marked as default. Only one default can exist`
}
