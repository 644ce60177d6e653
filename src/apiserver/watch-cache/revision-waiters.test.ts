import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RevisionWaiters } from './revision-waiters.ts'

test('each waits for its own revision, and nobody for ever', async () => {
  const waiters = new RevisionWaiters()
  const seen: string[] = []
  const wait = (name: string, revision: number, signal?: AbortSignal): void => {
    void waiters.wait(revision, signal).then(() => seen.push(name))
  }
  const step = async (act: () => void): Promise<string> => {
    act()
    await new Promise(setImmediate)
    return `${seen.splice(0).join(' ')} ${waiters.size}`
  }
  const patience = new AbortController()
  assert.equal(await step(() => {
    wait('a', 2)
    wait('b', 3)
    wait('of the far future', Number.MAX_SAFE_INTEGER, patience.signal)
  }), ' 3')
  assert.equal(await step(() => waiters.reached(1)), ' 3')
  assert.equal(await step(() => waiters.reached(2)), 'a 2')
  assert.equal(await step(() => patience.abort()), 'of the far future 1')
  assert.equal(await step(() => wait('too late', 9, patience.signal)), 'too late 1')
  assert.equal(await step(() => waiters.reached(7)), 'b 0')
})
