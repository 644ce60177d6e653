import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OldestFirst, RecentMap } from './oldest-first.ts'

test('a set is emptied from the front while it is filled at the end', () => {
  const set = new Set(['a', 'b'])
  const oldest = new OldestFirst(set)
  const take = (): string | undefined => {
    const key = oldest.next()
    if (key !== undefined) set.delete(key)
    return key
  }
  assert.deepEqual([take(), take(), take()], ['a', 'b', undefined])
  for (const key of ['c', 'd', 'e']) set.add(key)
  assert.equal(take(), 'c')
  set.delete('d')
  set.add('d')
  assert.deepEqual([take(), take(), take()], ['e', 'd', undefined])
})

test('a map remembers what was set last', () => {
  const map = new RecentMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  map.set('c', 4)
  assert.deepEqual([map.get('a'), map.get('b'), map.get('c'), map.size], [3, undefined, 4, 2])
  map.delete('a')
  map.set('d', 5)
  assert.deepEqual([...map.values()], [4, 5])
  for (let index = 0; index < 1_000; index += 1) map.set(`k${index % 7}`, index)
  assert.deepEqual([...map.values()], [998, 999])
})
