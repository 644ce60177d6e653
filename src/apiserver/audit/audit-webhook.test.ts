import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../words/manual-clock.testing.ts'
import { silentLog, type Log } from '../../words/ports.ts'
import { AuditWebhook, type AuditWebhookLimits } from './audit-webhook.ts'

interface Bed {
  readonly webhook: AuditWebhook
  readonly clock: ManualClock
  /** The numbers of each batch that was posted. */
  readonly batches: number[][]
  readonly errors: unknown[]
  failures: number
}

function bed(limits: Partial<AuditWebhookLimits> = {}): Bed {
  const clock = new ManualClock(0)
  const batches: number[][] = []
  const errors: unknown[] = []
  const log: Log = { ...silentLog, error: (message, fields) => errors.push([message, fields?.['events'] ?? fields?.['error']]) }
  const made: Bed = {
    clock, batches, errors, failures: 0,
    webhook: new AuditWebhook({
      clock, log, limits,
      post(text) {
        if (made.failures > 0) {
          made.failures--
          return Promise.reject(new Error('503'))
        }
        const list = JSON.parse(text) as { kind: string; apiVersion: string; items: { n: number }[] }
        assert.deepEqual([list.kind, list.apiVersion], ['EventList', 'audit.k8s.io/v1'])
        batches.push(list.items.map(({ n }) => n))
        return Promise.resolve()
      },
    }),
  }
  return made
}

const settled = (): Promise<void> => new Promise(
  (resolve) => queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => queueMicrotask(resolve)))))
)

test('a batch goes out when it is full, or a second after its first event', async () => {
  const { webhook, clock, batches } = bed({ batchEvents: 3 })
  for (let n = 0; n < 4; n++) webhook.take(`{"n":${n}}`)
  await settled()
  assert.deepEqual(batches, [[0, 1, 2], [3]])
  webhook.take('{"n":4}')
  await settled()
  assert.equal(batches.length, 2)
  await clock.pass(1_000)
  await settled()
  assert.deepEqual(batches[2], [4])
})

test('a batch that is not taken is tried again, and lost after the last time', async () => {
  const made = bed({ batchEvents: 1, attempts: 2 })
  made.failures = 1
  made.webhook.take('{"n":0}')
  await settled()
  await made.clock.pass(500)
  await settled()
  assert.deepEqual([made.batches, made.errors], [[[0]], []])
  made.failures = 2
  made.webhook.take('{"n":1}')
  await settled()
  await made.clock.pass(500)
  await settled()
  assert.deepEqual(
    made.errors, [['The audit webhook does not take events', '503'], ['Audit events were lost, as the audit webhook did not take them', 1]]
  )
})

test('what waits is bounded, and close sends it', async () => {
  const { webhook, batches, errors } = bed({ waitingEvents: 2 })
  for (let n = 0; n < 5; n++) webhook.take(`{"n":${n}}`)
  await webhook.close()
  assert.deepEqual([batches, errors], [[[0, 1]], [['Audit events were lost, as the audit webhook did not take them', 3]]])
})
