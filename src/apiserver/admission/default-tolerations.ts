import type { Toleration } from '../../resources/generated/types.ts'
import type { Mutator } from '../access.ts'
import { isPodWrite, podOf } from './pod-writes.ts'

const KEYS: readonly string[] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
const TOLERATION_SECONDS = 300

/** A pod stays five minutes on a node that is not ready or unreachable, unless it says how long. */
export const defaultTolerationSeconds: Mutator = {
  name: 'DefaultTolerationSeconds',
  matches: (request) => (request.operation === 'CREATE' || request.operation === 'UPDATE') && isPodWrite(request),
  admit(request) {
    const spec = podOf(request)?.spec
    if (spec === undefined) return
    const tolerations = spec.tolerations ?? []
    const missing = KEYS.filter((key) => !tolerations.some((toleration) => toleratesNoExecute(toleration, key)))
    if (missing.length === 0) return
    const added = missing.map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: TOLERATION_SECONDS }))
    spec.tolerations = [...tolerations, ...added]
  },
}

function toleratesNoExecute({ key = '', effect = '' }: Toleration, taint: string): boolean {
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '')
}
