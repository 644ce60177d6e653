import { kinds } from '../../resources/generated/kinds.ts'
import type { ConfigMap } from '../../resources/generated/types.ts'
import type { CounterBook } from '../checkers/counters.ts'
import type { User } from './user.ts'
import { keepBusy } from './user.ts'

const SHARED = ['ledger', 'tally'] as const
const FINALIZER = 'simulation.example/hold'

/**
 * Several users write the same ConfigMaps, each its own counter, and every write says on which state it rests: an update or a merge patch
 * with the resourceVersion, or a JSON patch that tests the old value. So no write may undo another one, also not one that arrives late.
 * Often a user writes with both hands at once, so that two writes that rest on one state meet while the first is on its way to the disk.
 */
export async function useSharedConfigMaps(user: User, book: CounterBook): Promise<void> {
  await keepBusy(user, 2_000, async () => {
    const key = { namespace: user.namespace, name: user.random.pick(SHARED) }
    const known = await user.client.get(kinds.ConfigMap, key).catch(() => undefined)
    if (known === undefined) {
      await user.client.create(kinds.ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: {} })
      return
    }
    const counters = user.random.chance(0.5) ? [user.name, `${user.name}-left`] : [user.name]
    await Promise.all(counters.map((counter) => count(user, known, counter, book)))
  })
}

async function count(user: User, known: ConfigMap, counter: string, book: CounterBook): Promise<void> {
  const key = { namespace: user.namespace, name: known.metadata.name ?? '' }
  const before = Number(known.data?.[counter] ?? '0')
  book.read(key, counter, before)
  const after = before + 1
  book.attempt(key, counter, after)
  await write(user, known, { counter, before, after })
  book.acknowledge(key, counter, after)
}

interface Count {
  readonly counter: string
  readonly before: number
  readonly after: number
}

async function write(user: User, known: ConfigMap, { counter, before, after }: Count): Promise<void> {
  const key = { namespace: user.namespace, name: known.metadata.name ?? '' }
  const data = { [counter]: String(after), [`${counter}-twin`]: String(after) }
  const { resourceVersion } = known.metadata
  const how = user.random.between(0, 2)
  if (how === 0) {
    await user.client.update(kinds.ConfigMap, { ...known, data: { ...known.data, ...data } })
  } else if (how === 1) {
    await user.client.patch(kinds.ConfigMap, key, { type: 'merge', body: { metadata: { resourceVersion }, data } })
  } else {
    const test = before === 0 ? [] : [{ op: 'test', path: `/data/${counter}`, value: String(before) }]
    const guard = before === 0 ? [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }] : []
    const base = known.data === undefined ? [{ op: 'add', path: '/data', value: {} }] : []
    const operations = [
      ...guard,
      ...test,
      ...base,
      ...Object.entries(data).map(([name, value]) => ({ op: 'add', path: `/data/${name}`, value })),
    ]
    await user.client.patch(kinds.ConfigMap, key, { type: 'json', operations })
  }
}

/** ConfigMaps of a user's own, under names that are never used twice: some stay, some go, some are held by a finalizer for a while. */
export async function useOwnConfigMaps(user: User): Promise<void> {
  let count = 0
  const held: string[] = []
  await keepBusy(user, 2_500, async () => {
    const releasable = held.shift()
    if (releasable !== undefined && user.random.chance(0.5)) return release(user, releasable)
    const name = `${user.name}-${++count}`
    const key = { namespace: user.namespace, name }
    const isHeld = user.random.chance(0.3)
    const finalizers = isHeld ? { finalizers: [FINALIZER] } : {}
    if (isHeld) held.push(name)
    await user.client.create(kinds.ConfigMap, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...key, ...finalizers },
      data: { text: 'x'.repeat(user.random.between(1, 200)) },
    })
    if (user.random.chance(0.5)) await user.client.delete(kinds.ConfigMap, key)
  })
}

async function release(user: User, name: string): Promise<void> {
  await user.client.patch(kinds.ConfigMap, { namespace: user.namespace, name }, { type: 'merge', body: { metadata: { finalizers: null } } })
}

/** Lets go of what a finalizer still holds. */
export async function releaseConfigMaps(user: User): Promise<void> {
  for (const { metadata } of (await user.client.list(kinds.ConfigMap, { namespace: user.namespace })).items) {
    if ((metadata.finalizers ?? []).length > 0) await release(user, metadata.name ?? '')
  }
}
