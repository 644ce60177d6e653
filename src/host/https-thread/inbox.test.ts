import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Inbox } from './inbox.ts'
import { ASKED, PacketWriter } from './packet.ts'

function batchOf(...packets: readonly (readonly [kind: number, request: number])[]): ArrayBuffer {
  const writer = new PacketWriter()
  for (const [kind, request] of packets) writer.add(kind, request, 0, '')
  return writer.takeBatch()
}

function requests(first: number, last: number): (readonly [number, number])[] {
  return Array.from({ length: last - first + 1 }, (_, index) => [ASKED.request, first + index] as const)
}

function taking(): { readonly inbox: Inbox; readonly taken: number[] } {
  const taken: number[] = []
  return { inbox: new Inbox(({ request }) => taken.push(request)), taken }
}

test('a turn begins 12 requests; what came with them and after them waits its turn', async () => {
  const { inbox, taken } = taking()
  inbox.receive(batchOf(...requests(1, 20), [ASKED.aborted, 3]))
  inbox.receive(batchOf(...requests(21, 30)))
  const perTurn: string[] = []
  for (let turn = 0; turn < 3; turn++) {
    perTurn.push(taken.splice(0).join(' '))
    await nextTurn()
  }
  assert.deepEqual(perTurn, ['1 2 3 4 5 6 7 8 9 10 11 12', '13 14 15 16 17 18 19 20 3 21 22 23 24', '25 26 27 28 29 30'])
})

test('what is no request is taken at once', () => {
  const { inbox, taken } = taking()
  inbox.receive(batchOf(...Array.from({ length: 50 }, (_, index) => [ASKED.taken, index] as const)))
  assert.equal(taken.length, 50)
})

test('after its close nothing is begun', async () => {
  const { inbox, taken } = taking()
  inbox.receive(batchOf(...requests(1, 20)))
  inbox.close()
  await nextTurn()
  assert.equal(taken.length, 12)
})
