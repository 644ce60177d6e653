import type { Probe } from '../resources/generated/types.ts'

/** One probe of one container: equal answers in a row, and the verdict that enough of them made. */
export interface ProbeState {
  readonly verdict: boolean | undefined
  readonly last: boolean | undefined
  readonly run: number
}

export const NO_ANSWERS: ProbeState = { verdict: undefined, last: undefined, run: 0 }

/** The state after one more answer: a verdict changes after successThreshold or failureThreshold equal answers in a row. */
export function afterAnswer(state: ProbeState, isSuccess: boolean, probe: Probe): ProbeState {
  const run = state.last === isSuccess ? state.run + 1 : 1
  const threshold = isSuccess ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
  return { last: isSuccess, run, verdict: run >= threshold ? isSuccess : state.verdict }
}
