import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod } from '../../resources/generated/types.ts'
import type { DiskLog } from '../disk-log.ts'
import type { Findings } from './findings.ts'

const NAME = 'one binding'

/** A pod gets its node once, and a name stands for one pod until that is deleted. */
export function checkBindings(log: DiskLog, findings: Findings): void {
  log.listen(kinds.Pod, ({ key, bytes, previous }) => {
    if (bytes === undefined || previous === undefined) return
    const before = log.decode<Pod>(previous)
    const after = log.decode<Pod>(bytes)
    if (before.metadata.uid !== after.metadata.uid) findings.report(NAME, `${key} becomes another pod without a deletion`)
    const node = before.spec?.nodeName ?? ''
    if (node !== '' && node !== after.spec?.nodeName) findings.report(NAME, `${key} moves from ${node} to ${after.spec?.nodeName}`)
    if (before.metadata.deletionTimestamp !== undefined && after.metadata.deletionTimestamp === undefined)
      findings.report(NAME, `the deletion of ${key} is undone`)
  })
}
