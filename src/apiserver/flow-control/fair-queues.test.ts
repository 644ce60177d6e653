import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairQueues } from './fair-queues.ts'
import type { Asking, Ticket } from './fair-queues.ts'
import { parseRequest } from '../request-info.ts'
import { seatsOnly, workOfWrite } from './work-estimate.ts'

const nothing = (): void => {}
const request = { user: { name: 'alice', uid: '', groups: [], extra: {} }, info: parseRequest('GET', '/api/v1/nodes', new URLSearchParams()) }
const schema = { name: 'all', distinguisherOf: (): string => '' }

function asking(seats: number): Asking {
  return { work: seatsOnly(seats), schema, request }
}

function waits(queues: FairQueues, queue: number, seats: number, now: number): Ticket {
  const entry = queues.wait([queue], asking(seats), now, nothing)
  assert(entry.outcome === 'waiting')
  return entry.ticket
}

test('who finds room enters, who does not waits or is refused', () => {
  const queues = new FairQueues({ queues: 2, queueLength: 1 }, 2)
  const first = queues.enter([0], asking(2), 0)
  assert.deepEqual([queues.hasRoom(seatsOnly(1)), queues.executingSeats], [false, 2])
  const second = waits(queues, 0, 1, 0)
  assert.deepEqual(queues.wait([0], asking(1), 0, nothing), { outcome: 'refused', why: 'queue-full' })
  assert.equal(queues.next(1), undefined)
  queues.leave(first, 5)
  assert.equal(queues.hasRoom(seatsOnly(1)), false, 'nobody overtakes who waits')
  assert.equal(queues.next(5), second)
  queues.leave(second, 6)
  queues.leave(second, 6)
  assert.deepEqual([queues.executing, queues.executingSeats, queues.waiting], [0, 0, 0])

  const refusing = new FairQueues({ queues: 0, queueLength: 0 }, 1)
  refusing.enter([], asking(1), 0)
  assert.deepEqual(refusing.wait([], asking(1), 0, nothing), { outcome: 'refused', why: 'concurrency-limit' })
})

test('a request that is wider than all seats gets its turn alone', () => {
  const queues = new FairQueues({ queues: 2, queueLength: 9 }, 3)
  const small = queues.enter([0], asking(1), 0)
  const wide = waits(queues, 0, 10, 0)
  assert.equal(queues.next(0), undefined)
  queues.leave(small, 1)
  assert.equal(queues.next(1), wide)
  const next = waits(queues, 1, 1, 1)
  assert.equal(queues.next(1), undefined)
  queues.leave(wide, 2)
  assert.equal(queues.next(2), next)
})

test('who gives up while waiting leaves the others in order', () => {
  const queues = new FairQueues({ queues: 1, queueLength: 9 }, 1)
  const running = queues.enter([0], asking(1), 0)
  const [a, b, c] = [waits(queues, 0, 1, 0), waits(queues, 0, 1, 0), waits(queues, 0, 1, 0)]
  queues.leave(b, 1)
  assert.equal(queues.waiting, 2)
  queues.leave(running, 2)
  assert.equal(queues.next(2), a)
  queues.leave(a, 3)
  assert.equal(queues.next(3), c)
})

test('queues that always wait are served alike, by seats, whatever order and length their requests have', () => {
  const queues = new FairQueues({ queues: 2, queueLength: 1_000 }, 4)
  // The first queue brings wide requests, the second narrow ones: each gets half of the seats.
  for (let index = 0; index < 200; index++) waits(queues, 0, 2, 0)
  for (let index = 0; index < 400; index++) waits(queues, 1, 1, 0)
  const served = [0, 0]
  let running: Ticket[] = []
  for (let now = 0; now < 60; now++) {
    for (const ticket of running) queues.leave(ticket, now)
    running = []
    for (let ticket = queues.next(now); ticket !== undefined; ticket = queues.next(now)) {
      running.push(ticket)
      const of = ticket.work.width === 2 ? 0 : 1
      served[of] = (served[of] ?? 0) + ticket.work.width
      assert(Math.abs((served[0] ?? 0) - (served[1] ?? 0)) <= 2, `${served} at ${now}`)
    }
    assert.equal(queues.executingSeats, 4)
  }
})

test('two flows of one width are within one request of each other', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 30 }), (seats, serviceMs) => {
    const queues = new FairQueues({ queues: 2, queueLength: 1_000 }, seats)
    for (let index = 0; index < 500; index++) waits(queues, 0, 1, 0)
    for (let index = 0; index < 100; index++) waits(queues, 1, 1, 0)
    const served = new Map<object, number>()
    const running: { ticket: Ticket; endsAt: number }[] = []
    for (let now = 0, begun = 0; begun < 150;) {
      for (let ticket = queues.next(now); ticket !== undefined; ticket = queues.next(now)) {
        begun++
        served.set(ticket.queue, (served.get(ticket.queue) ?? 0) + 1)
        running.push({ ticket, endsAt: now + serviceMs })
      }
      const [one = 0, other = 0] = served.values()
      assert(Math.abs(one - other) <= 1, `${one} and ${other} with ${seats} seats of ${serviceMs} ms`)
      const first = running.shift()
      assert(first !== undefined)
      now = first.endsAt
      queues.leave(first.ticket, now)
    }
  }), { numRuns: 60 })
})

const step = fc.oneof(
  fc.record({ type: fc.constant('arrive' as const), queue: fc.nat(3), seats: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('end' as const), which: fc.nat(20) }),
  fc.record({ type: fc.constant('give-up' as const), which: fc.nat(20) }),
  fc.record({ type: fc.constant('limit' as const), seats: fc.integer({ min: 1, max: 8 }) }),
)

test('no seats are given beyond the limit, none that the next one fits in stay free, and every request ends once', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
    let limit = 4
    const queues = new FairQueues({ queues: 4, queueLength: 5 }, limit)
    const waiting: Ticket[] = []
    const running: Ticket[] = []
    let now = 0
    const pump = (): void => {
      for (let ticket = queues.next(now); ticket !== undefined; ticket = queues.next(now)) {
        assert(queues.executingSeats <= limit || queues.executing === 1)
        waiting.splice(waiting.indexOf(ticket), 1)
        running.push(ticket)
      }
      const ofLists = running.reduce((sum, { work }) => sum + (work.seats > 1 ? work.width : 0), 0)
      // Work conserving: who waits does so because the next one does not fit, or is a list while lists have their part.
      if (queues.waiting > 0) assert(queues.executing > 0 && (queues.executingSeats + 4 > limit || (ofLists > 0 && ofLists + 4 > limit * 3 / 4)))
    }
    for (const action of steps) {
      now += 3
      if (action.type === 'arrive') {
        if (queues.hasRoom(seatsOnly(action.seats))) running.push(queues.enter([action.queue], asking(action.seats), now))
        else {
          const entry = queues.wait([action.queue], asking(action.seats), now, nothing)
          if (entry.outcome === 'waiting') waiting.push(entry.ticket)
        }
      }
      if (action.type === 'limit') queues.setSeats((limit = action.seats), now)
      const list = action.type === 'end' ? running : action.type === 'give-up' ? waiting : []
      const [gone] = list.splice('which' in action && list.length > 0 ? action.which % list.length : 0, 1)
      if (gone !== undefined) queues.leave(gone, now)
      pump()
      assert.deepEqual([queues.waiting, queues.executing], [waiting.length, running.length])
      assert(queues.waiting <= 4 * 5)
    }
    while (running.length > 0) {
      queues.leave(running.pop() as Ticket, (now += 1))
      pump()
    }
    assert.deepEqual([queues.waiting, queues.waitingSeats, queues.executing, queues.executingSeats], [0, 0, 0, 0])
  }), { numRuns: 200 })
})

test('what is done for watches after the answer keeps its seats, and its queue pays for it', () => {
  const work = workOfWrite(200, 10)
  assert.deepEqual(work, { seats: 1, lateSeats: 10, lateMs: 10, width: 10 })
  const queues = new FairQueues({ queues: 2, queueLength: 9 }, 10)
  const first = queues.enter([0], { ...asking(1), work }, 0)
  const second = waits(queues, 0, 1, 0)
  queues.answered(first, 4)
  queues.answered(first, 4)
  assert.deepEqual([queues.executing, queues.executingSeats, queues.isIdle, queues.next(4)], [0, 10, false, undefined])
  const other = waits(queues, 1, 1, 4)
  queues.leave(first, 14)
  assert.deepEqual([queues.next(14), queues.next(14)], [other, second], 'whose queue has had less comes first')
  for (const ticket of [other, second]) queues.leave(ticket, 15)
  assert.deepEqual([[...queues.withSeats()], queues.isIdle], [[], true])
})
