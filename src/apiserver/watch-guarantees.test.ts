import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KubeObject } from '../objects/kube-object.ts'
import { settle, startTestServer } from './apiserver.testing.ts'
import type { TestAnswer, TestServer, TestWatch } from './apiserver.testing.ts'
import { bookmarkable, equivalent, ordered, reliable, truthful, unique } from './watch-guarantees.testing.ts'
import type { TrueChange } from './watch-guarantees.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/shop/configmaps'
const MERGE = { 'content-type': 'application/merge-patch+json' }

interface Step {
  readonly verb: 'create' | 'patch' | 'delete' | 'watch' | 'pause'
  readonly name: string
  readonly chosen: boolean
}

const steps = fc.array(fc.record<Step>({
  verb: fc.constantFrom('create', 'create', 'patch', 'patch', 'delete', 'watch', 'pause'),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  chosen: fc.boolean(),
}), { minLength: 5, maxLength: 40 })

interface Client {
  readonly watch: TestWatch
  readonly list: readonly KubeObject[]
  readonly after: number
  readonly selector: string
}

const items = (answer: TestAnswer): readonly KubeObject[] => answer.get('items') as KubeObject[]

/** List, then watch from there, as informers do. */
async function join(server: TestServer, selector: string): Promise<Client> {
  const answer = await server.request('GET', `${CONFIG_MAPS}?labelSelector=${selector}`)
  const after = Number(answer.get('metadata.resourceVersion'))
  const watch = await server.watch(`${CONFIG_MAPS}?watch=1&allowWatchBookmarks=1&resourceVersion=${after}&labelSelector=${selector}`)
  return { watch, list: items(answer), after, selector }
}

async function perform(server: TestServer, step: Step, truth: TrueChange[]): Promise<void> {
  const { request, store } = server
  const body = { metadata: { name: step.name, labels: { chosen: String(step.chosen) } } }
  const before = await store.latest()
  if (step.verb === 'create') await request('POST', CONFIG_MAPS, body)
  if (step.verb === 'patch') await request('PATCH', `${CONFIG_MAPS}/${step.name}`, { ...body, data: { before: String(before) } }, MERGE)
  if (step.verb === 'delete') await request('DELETE', `${CONFIG_MAPS}/${step.name}`)
  const revision = await store.latest()
  if (revision === before) return
  const now = await request('GET', `${CONFIG_MAPS}/${step.name}`)
  truth.push({ revision, name: step.name, object: now.status === 200 ? now.body : undefined })
}

test('whatever is written and whenever a client joins: the watch guarantees hold, and list + watch = list', async () => {
  await fc.assert(fc.asyncProperty(steps, async (plan) => {
    const server = await startTestServer()
    const truth: TrueChange[] = []
    const clients = [await join(server, ''), await join(server, 'chosen%3Dtrue')]
    for (const step of plan) {
      if (step.verb === 'watch') clients.push(await join(server, step.chosen ? 'chosen%3Dtrue' : ''))
      else if (step.verb === 'pause') await server.clock.advance(60_000)
      else await perform(server, step, truth)
    }
    await settle()
    for (const { watch, list, after, selector } of clients) {
      const { events } = watch
      ordered(events)
      unique(events)
      bookmarkable(events)
      if (selector === '') {
        reliable(events, truth, after)
        truthful(events, truth)
      }
      equivalent(list, events, items(await server.request('GET', `${CONFIG_MAPS}?labelSelector=${selector}`)))
      await watch.close()
    }
    server.stop()
  }), { numRuns: 40 })
})

test('a client may leave and come back at any event: it resumes without gap and without repetition', async () => {
  const server = await startTestServer()
  const truth: TrueChange[] = []
  for (let turn = 0; turn < 30; turn++) {
    const verb = (['create', 'patch', 'delete'] as const)[turn % 3] ?? 'create'
    await perform(server, { verb, name: 'abc'.charAt(Math.floor(turn / 3) % 3), chosen: true }, truth)
  }
  for (let after = 1; after <= truth.length; after++) {
    const watch = await server.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=${after}`)
    reliable(watch.events, truth, after)
    assert.equal(watch.events.length, truth.length - after)
    await watch.close()
  }
})
