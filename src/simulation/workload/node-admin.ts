import { kinds } from '../../resources/generated/kinds.ts'
import type { User } from './user.ts'
import { keepBusy } from './user.ts'

/** Cordons nodes and lets them go again. */
export async function cordonNodes(user: User, meanPauseMs: number): Promise<void> {
  if (meanPauseMs === 0) return
  await keepBusy(user, meanPauseMs, async () => {
    const { items } = await user.client.list(kinds.Node)
    if (items.length === 0) return
    const { metadata, spec } = user.random.pick(items)
    const body = { spec: { unschedulable: spec?.unschedulable === true ? null : true } }
    await user.client.patch(kinds.Node, { namespace: '', name: metadata.name ?? '' }, { type: 'merge', body })
  })
}

export async function uncordonNodes(user: User): Promise<void> {
  for (const { metadata, spec } of (await user.client.list(kinds.Node)).items) {
    if (spec?.unschedulable !== true) continue
    await user.client.patch(
      kinds.Node,
      { namespace: '', name: metadata.name ?? '' },
      { type: 'merge', body: { spec: { unschedulable: null } } },
    )
  }
}
