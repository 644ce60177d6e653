import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentBytes, type Holder } from './recent-bytes.ts'

class TestHolder implements Holder {
  readonly name: string
  isRead = false
  hasBytes = true

  constructor(name: string) {
    this.name = name
  }

  wasRead(): boolean {
    const { isRead } = this
    this.isRead = false
    return isRead
  }

  giveUpBytes(): void {
    this.hasBytes = false
  }
}

test('those written or read last keep their bytes, up to the bound', () => {
  // Four of these fill the half of it.
  const recent = new RecentBytes(80)
  const all = 'abcdefghijklmnop'.split('').map((name) => new TestHolder(name))
  const kept = (): string => all.filter(({ hasBytes }) => hasBytes).map(({ name }) => name).join('')
  const add = (names: string): void => {
    for (const holder of all) if (names.includes(holder.name)) recent.add(holder, 10)
  }
  add('abcde')
  for (const holder of all.slice(0, 2)) holder.isRead = true
  add('fgh')
  assert.equal(kept(), 'abcdefghijklmnop')
  for (const holder of all.slice(8)) holder.hasBytes = false
  recent.remove(all[2] as TestHolder)
  add('ij')
  assert.equal(kept(), 'abcfgh', 'of the first five two were read, and c was taken off: it is nobody\'s business any more')
  add('klm')
  assert.equal(kept(), 'abc')
})
