/** Succeeded or Failed: the pod's containers run no more and never will. */
export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed'
}
