import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../resources/generated/kinds.ts'
import type { ConfigMap } from '../resources/generated/types.ts'
import type { Clock } from '../words/ports.ts'
import { silentLog } from '../words/ports.ts'
import { StatusError, badRequest, expired, serviceUnavailable } from '../words/status-error.ts'
import type { Client, ListOptions, WatchEvent, WatchOptions } from './client.ts'
import { Informer } from './informer.ts'
import { ObjectCache } from './object-cache.ts'

function configMap(name: string, revision: number, metadata: ConfigMap['metadata'] = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', uid: `${name}-uid`, resourceVersion: String(revision), ...metadata } }
}

/** What one watch says: events, then an error or the end. */
type Script = readonly (WatchEvent<ConfigMap> | Error)[]

const whole = (revision: number): WatchEvent<ConfigMap> => ({ type: 'bookmark', resourceVersion: String(revision), initialEventsEnd: true })
const bookmark = (revision: number): WatchEvent<ConfigMap> => ({ type: 'bookmark', resourceVersion: String(revision), initialEventsEnd: false })
const event = (type: 'added' | 'modified' | 'deleted', object: ConfigMap): WatchEvent<ConfigMap> => ({ type, object })

interface Story {
  readonly watches: readonly Script[]
  readonly lists?: readonly (readonly ConfigMap[])[]
}

/** Plays a story to an informer: what it asked, what it told, what it holds, how long it waited between watches. */
async function play({ watches, lists = [] }: Story): Promise<{ asked: string[]; told: string[]; held: string; revision: number; waits: number[] }> {
  const asked: string[] = []
  const told: string[] = []
  const waits: number[] = []
  const abort = new AbortController()
  const remaining = [...watches]
  const pages = [...lists]
  const client = {
    async *watch(_kind: unknown, options: WatchOptions) {
      asked.push(options.sendInitialEvents === true ? 'state' : `from ${options.resourceVersion}`)
      for (const step of remaining.shift() ?? []) {
        if (step instanceof Error) throw step
        yield step
      }
      if (remaining.length === 0) abort.abort()
    },
    async list(_kind: unknown, options: ListOptions) {
      asked.push(`list ${options.continueToken ?? ''}`.trim())
      return { items: pages.shift() ?? [], resourceVersion: '50', continueToken: pages.length > 0 ? 'more' : '' }
    },
  } as Partial<Client> as Client
  const clock: Clock = {
    now: () => 0,
    after(delayMs, callback) {
      waits.push(delayMs)
      queueMicrotask(callback)
      return () => {}
    },
  }
  const informer = new Informer(kinds.ConfigMap, { client, clock, random: { bytes: (length) => new Uint8Array(length) }, log: silentLog })
  informer.cache.listen(({ object, previous }) => {
    told.push(`${previous === undefined ? '+' : object === undefined ? '-' : '~'}${(object ?? previous)?.metadata.name}`)
  })
  await informer.run(abort.signal)
  const held = informer.cache.list().map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort().join(' ')
  return { asked, told, held, revision: informer.cache.revision, waits }
}

test('the initial state is told when it is whole, then each change', async () => {
  const { asked, told, held, revision } = await play({
    watches: [[event('added', configMap('a', 1)), event('added', configMap('b', 2)), whole(5), event('modified', configMap('a', 6)), event('deleted', configMap('b', 7)), bookmark(9)]],
  })
  assert.deepEqual({ asked, told, held, revision }, { asked: ['state'], told: ['+a', '+b', '~a', '-b'], held: 'a@6', revision: 9 })
})

test('a broken watch resumes where it was, with growing waits', async () => {
  const broken = serviceUnavailable('gone')
  const { asked, held, waits } = await play({
    watches: [[event('added', configMap('a', 1)), whole(5), bookmark(8), broken], [broken], [broken], [event('added', configMap('b', 9))]],
  })
  assert.deepEqual(asked, ['state', 'from 8', 'from 8', 'from 8'])
  assert.equal(held, 'a@1 b@9')
  assert.deepEqual(waits.slice(0, 3), [50, 100, 200])
})

test('a revision that is gone takes the whole state again and tells the difference', async () => {
  const { asked, told, held } = await play({
    watches: [
      [event('added', configMap('a', 1)), event('added', configMap('b', 2)), event('added', configMap('c', 3)), whole(5), expired('too old')],
      [event('added', configMap('a', 1)), event('added', configMap('b', 7)), event('added', configMap('d', 8)), whole(9)],
    ],
  })
  assert.deepEqual({ asked, told, held }, { asked: ['state', 'state'], told: ['+a', '+b', '+c', '~b', '+d', '-c'], held: 'a@1 b@7 d@8' })
})

test('an initial state that breaks off is not taken', async () => {
  const { told, held } = await play({
    watches: [[event('added', configMap('a', 1)), serviceUnavailable('gone')], [event('added', configMap('b', 2)), whole(3)]],
  })
  assert.deepEqual({ told, held }, { told: ['+b'], held: 'b@2' })
})

test('a server without initial events is listed in pages, then watched', async () => {
  const { asked, held, revision } = await play({
    watches: [[badRequest('sendInitialEvents is not supported')], [event('added', configMap('c', 51))]],
    lists: [[configMap('a', 1)], [configMap('b', 2)]],
  })
  assert.deepEqual({ asked, held, revision }, { asked: ['state', 'list', 'list more', 'from 50'], held: 'a@1 b@2 c@51', revision: 51 })
})

test('no rights is no reason to list instead', async () => {
  const { asked } = await play({ watches: [[new StatusError(403, 'Forbidden', 'no')], [whole(1)]] })
  assert.deepEqual(asked, ['state', 'state'])
})

test('indexes by namespace and owner follow every change', () => {
  const cache = new ObjectCache(kinds.ConfigMap)
  const owner = (name: string, controller: boolean) => ({ apiVersion: 'v1', kind: 'Pod', name, uid: `${name}-uid`, controller })
  const names = (objects: readonly ConfigMap[]): string => objects.map(({ metadata }) => metadata.name).join(' ')
  cache.upsert(configMap('a', 1, { ownerReferences: [owner('x', true), owner('y', false)] }))
  cache.upsert(configMap('b', 2))
  cache.upsert(configMap('c', 3, { namespace: 'other' }))
  assert.deepEqual([names(cache.ownedBy('x-uid')), names(cache.ownedBy('y-uid')), names(cache.dependentsOf('y-uid'))], ['a', '', 'a'])
  assert.deepEqual([names(cache.unowned('shop')), names(cache.list('shop')), names(cache.list())], ['b', 'a b', 'a b c'])
  cache.upsert(configMap('a', 4))
  assert.deepEqual([names(cache.ownedBy('x-uid')), names(cache.dependentsOf('y-uid')), names(cache.unowned('shop'))], ['', '', 'b a'])
  cache.remove(configMap('b', 5))
  assert.deepEqual([names(cache.unowned('shop')), cache.size, cache.revision], ['a', 2, 5])
  const reached: number[] = []
  const stop = cache.listenProgress((revision) => reached.push(revision))
  cache.reach(9)
  cache.reach(4)
  stop()
  cache.reach(12)
  assert.deepEqual(reached, [9])
})
