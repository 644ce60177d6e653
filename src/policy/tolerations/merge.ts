import { sameJson } from '../../objects/json.ts'
import type { Toleration } from '../../resources/generated/types.ts'

/** Both lists in one, without what another of them covers anyway. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second]
  const merged: Toleration[] = []
  all.forEach((toleration, index) => {
    const covered = merged.some((other) => covers(other, toleration))
      || all.slice(index + 1).some((other) => !sameJson(other, toleration) && covers(other, toleration))
    if (!covered) merged.push(toleration)
  })
  return merged
}

/** Whether each is covered by one of those that are allowed; no list allows everything. */
export function areAllowed(tolerations: readonly Toleration[], allowed: readonly Toleration[]): boolean {
  return allowed.length === 0 || tolerations.every((toleration) => allowed.some((other) => covers(other, toleration)))
}

/** Whether wide tolerates every taint that narrow does, as long. */
export function covers(wide: Toleration, narrow: Toleration): boolean {
  if (sameJson(wide, narrow)) return true
  const { key = '', operator = 'Equal', value = '', effect = '', tolerationSeconds } = wide
  if ((narrow.key ?? '') !== key && (key !== '' || operator !== 'Exists')) return false
  if ((narrow.effect ?? '') !== effect && effect !== '') return false
  const longest = effect === 'NoExecute' ? (tolerationSeconds ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  if ((narrow.tolerationSeconds ?? Number.POSITIVE_INFINITY) > longest) return false
  if (operator === 'Exists') return true
  return (narrow.operator ?? 'Equal') === 'Equal' && (narrow.value ?? '') === value
}
