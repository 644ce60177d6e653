import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '../client/client.ts'
import type { Pod, PodStatus } from '../resources/generated/types.ts'
import { createHttpClient } from '../client/http-client.ts'
import { silentLog } from '../words/ports.ts'
import { VirtualClock } from '../simulation/virtual-clock.ts'
import { StatusWriter } from './status-writer.ts'

function ready(status: 'True' | 'False'): PodStatus {
  return { phase: 'Running', conditions: [{ type: 'Ready', status }] }
}

function pod(revision: number, status: PodStatus): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { uid: 'u', name: 'web', namespace: 'shop', resourceVersion: String(revision) }, status }
}

/** Answers patches with what answer says. */
function patchClient(answer: (body: unknown) => Pod): { client: Client; patches: unknown[] } {
  const patches: unknown[] = []
  const transport = createHttpClient({ send: async () => ({ status: 500, headers: {}, body: (async function* () {})() }), close() {} })
  const client = { ...transport, patch: (async (_kind: unknown, _key: unknown, patch: { body: unknown }) => {
    patches.push(patch.body)
    return answer(patch.body)
  }) as Client['patch'] }
  return { client, patches }
}

test('what somebody else undoes while a write is under way is written again', async () => {
  const clock = new VirtualClock()
  const { client, patches } = patchClient(() => {
    // Before the first answer arrives, the watch shows that another writer has already undone it.
    if (patches.length === 1) writer.want(pod(7, ready('False')), ready('True'))
    return pod(patches.length === 1 ? 6 : 8, ready('True'))
  })
  const writer = new StatusWriter({ client, clock, log: silentLog }, new AbortController().signal)
  writer.want(pod(5, ready('False')), ready('True'))
  await clock.advance(1_000)
  assert.equal(patches.length, 2)
})

test('a patch without effect is not sent for ever', async () => {
  const clock = new VirtualClock()
  const { client, patches } = patchClient(() => pod(5, ready('False')))
  const writer = new StatusWriter({ client, clock, log: silentLog }, new AbortController().signal)
  writer.want(pod(5, ready('False')), ready('True'))
  await clock.advance(60_000)
  assert.equal(patches.length, 1)
})
