import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinBytes, textOf, utf8 } from '../words/bytes.ts'
import { entriesOf, list, put } from './follow.testing.ts'
import { prefixRange } from './key-range.ts'
import { createMemoryStore } from './memory.ts'
import { sealStore, type ValueSealer } from './sealed-store.ts'
import { storeConformance } from './store.conformance.testing.ts'

const MARK = 0x7e

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte ^ 0x55)
}

/** Flips bits below a mark; opens what has no mark as it is. later: every key has to be fetched. */
function flippingSealer(later: 'later' | 'at once', opened: string[] = []): ValueSealer {
  const opening = (key: string, stored: Uint8Array) => (): Uint8Array => {
    opened.push(key)
    return stored[0] === MARK ? flipped(stored.subarray(1)) : stored
  }
  return {
    seal: (_key, plain) => joinBytes([Uint8Array.of(MARK), flipped(plain)]),
    opening: (key, stored) => (later === 'later' ? Promise.resolve(opening(key, stored)) : opening(key, stored)),
    isCurrent: (_key, stored) => stored[0] === MARK,
  }
}

for (const when of ['at once', 'later'] as const) {
  storeConformance(`sealed, keys ${when}`, async (limits) => {
    const store = sealStore(createMemoryStore(limits), flippingSealer(when))
    return { store, dispose: () => store.close() }
  })
}

test('the engine below holds sealed values only, and what it held before is still read', async () => {
  const inner = createMemoryStore({})
  await put(inner, 'old', 'plain')
  const store = sealStore(inner, flippingSealer('at once'))
  await put(store, 'new', 'secret')
  assert.deepEqual(await list(store), ['new=secret created 2 modified 2', 'old=plain created 1 modified 1'])
  const below = entriesOf(await inner.read(prefixRange(''), { at: 'latest', limit: 9 })).map(({ value }) => textOf(value))
  assert.deepEqual(below.map((text) => text.includes('secret')), [false, false])
})

test('a write is never opened, nor what it replaced', async () => {
  const opened: string[] = []
  const inner = createMemoryStore({})
  await put(sealStore(inner, flippingSealer('at once')), 'a', '1')
  const store = sealStore(inner, flippingSealer('at once', opened))
  const changes = store.watch(prefixRange(''), 1, new AbortController().signal)[Symbol.asyncIterator]()
  const next = changes.next()
  await put(store, 'a', '2')
  const batch = (await next).value
  assert.equal(batch?.type, 'changes')
  assert.deepEqual(opened, [])
  await changes.return?.()
})

test('what cannot be sealed is not written, what cannot be opened is an error', async () => {
  const sealer = flippingSealer('at once')
  const store = sealStore(createMemoryStore({}), {
    ...sealer,
    seal(key, plain) {
      if (key === 'refused') throw new Error('no key')
      return sealer.seal(key, plain)
    },
    opening: (key) => {
      throw new Error(`cannot open ${key}`)
    },
  })
  await assert.rejects(
    store.commit({ expect: [], writes: [{ key: 'a', value: utf8('1') }, { key: 'refused', value: utf8('1') }] }), /no key/
  )
  assert.equal(await store.latest(), 0)
  await put(store, 'a', '1')
  await assert.doesNotReject(store.read(prefixRange(''), { at: 'latest', limit: 1 }))
})
