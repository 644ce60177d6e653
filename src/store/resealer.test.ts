import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf, utf8 } from '../words/bytes.ts'
import type { Clock } from '../words/ports.ts'
import { silentLog } from '../words/ports.ts'
import { entriesOf, list, put } from './follow.testing.ts'
import { prefixRange } from './key-range.ts'
import { createMemoryStore } from './memory.ts'
import { ResealProgress, resealOnce, type ResealParts } from './resealer.ts'
import { sealStore, type ValueSealer } from './sealed-store.ts'
import type { Store } from './store.ts'

/** Seals with its first letter, opens with all of them: value 'x' becomes 'b:x'. */
function lettered(letters: string): ValueSealer {
  return {
    seal: (_key, plain) => utf8(`${letters[0]}:${textOf(plain)}`),
    opening: (key, stored) => {
      const [letter = '', value] = textOf(stored).split(':')
      if (!letters.includes(letter)) throw new Error(`${key}: no key ${letter}`)
      return () => utf8(value ?? '')
    },
    isCurrent: (_key, stored) => textOf(stored).startsWith(`${letters[0]}:`),
  }
}

const atOnce: Clock = {
  now: () => 0,
  after: (_delayMs, callback) => {
    queueMicrotask(callback)
    return () => undefined
  },
}

const NEVER = new AbortController().signal

function partsOf(inner: Store, letters: string): ResealParts {
  const sealer = lettered(letters)
  return { inner, sealer, store: sealStore(inner, sealer), ranges: () => [prefixRange('s')], epoch: () => 0, progress: new ResealProgress(), clock: atOnce, log: silentLog }
}

async function raw(inner: Store): Promise<string[]> {
  return entriesOf(await inner.read(prefixRange(''), { at: 'latest', limit: 9 })).map(({ key, value }) => `${key}=${textOf(value)}`)
}

test('rotation: what the old key has sealed is written anew, and its history forgotten; then the old key is not needed', async () => {
  const inner = createMemoryStore({})
  const first = sealStore(inner, lettered('a'))
  for (const key of ['s1', 's2', 'other']) await put(first, key, key.toUpperCase())
  const parts = partsOf(inner, 'ba')
  await put(parts.store, 's2', 'NEW')
  assert.equal(parts.progress.remaining, undefined)
  assert.equal(await resealOnce(parts, NEVER), true)
  assert.deepEqual([parts.progress.remaining, parts.progress.rewritten], [0, 1])
  assert.deepEqual(await raw(inner), ['other=a:OTHER', 's1=b:S1', 's2=b:NEW'])
  assert.deepEqual(await inner.read(prefixRange('s'), { at: 4, limit: 1 }), { outcome: 'compacted', oldest: 5 })
  const only = sealStore(inner, lettered('b'))
  assert.equal((await only.read(prefixRange('s'), { at: 'latest', limit: 9 })).outcome, 'page')
  const latest = await inner.latest()
  assert.equal(await resealOnce(parts, NEVER), true)
  assert.equal(await inner.latest(), latest, 'nothing is left to write')
})

test('a writer in between wins', async () => {
  const inner = createMemoryStore({})
  await put(sealStore(inner, lettered('a')), 's1', 'old')
  const parts = partsOf(inner, 'ba')
  const slow: ValueSealer = {
    ...parts.sealer,
    opening: async (key, stored) => {
      await put(parts.store, 's1', 'newer')
      return parts.sealer.opening(key, stored)
    },
  }
  await resealOnce({ ...parts, sealer: slow }, NEVER)
  assert.deepEqual(await list(parts.store), ['s1=newer created 1 modified 2'])
})

test('a value that nothing opens stops the pass with its name', async () => {
  const inner = createMemoryStore({})
  await put(sealStore(inner, lettered('a')), 's1', 'old')
  await assert.rejects(resealOnce(partsOf(inner, 'b'), NEVER), /s1: no key a/)
})
