import type { Pod, Toleration } from '../../resources/generated/types.ts'
import type { Mutator } from '../access.ts'
import { podOf } from './pod-writes.ts'

const KEYS: readonly string[] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
const TOLERATION_SECONDS = 300

/** A pod stays five minutes on a node that is not ready or unreachable, unless it says how long. */
export const defaultTolerationSeconds: Mutator = {
  name: 'DefaultTolerationSeconds',
  matches: (request) => (request.operation === 'CREATE' || request.operation === 'UPDATE') && missingKeys(podOf(request)).length > 0,
  admit(request) {
    const pod = podOf(request)
    const missing = missingKeys(pod)
    if (pod?.spec === undefined || missing.length === 0) return
    const added = missing.map(
      (key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: TOLERATION_SECONDS }),
    )
    pod.spec.tolerations = [...pod.spec.tolerations ?? [], ...added]
  },
}

function missingKeys(pod: Pod | undefined): readonly string[] {
  const spec = pod?.spec
  if (spec === undefined) return []
  return KEYS.filter((key) => spec.tolerations?.some((toleration) => toleratesNoExecute(toleration, key)) !== true)
}

function toleratesNoExecute({ key = '', effect = '' }: Toleration, taint: string): boolean {
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '')
}
