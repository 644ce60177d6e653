import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bootstrapPriorityLevels } from '../bootstrap/flow-control.ts'
import { present } from '../../words/assert.ts'
import { SeatDemand } from './seat-demand.ts'
import { lendSeats, nominalLimits } from './seat-limits.ts'
import type { Borrower } from './seat-limits.ts'

test('seats are shared out by shares, as upstream computes them for its own levels', () => {
  const levels = bootstrapPriorityLevels().map(({ metadata: { name = '' }, spec }) => ({ name, spec: present(spec, name) }))
  const limits = nominalLimits(levels, 600)
  const shown = Object.fromEntries(Array.from(limits, ([name, { nominal, least, most }]) => [name, `${nominal} ${least} ${most}`]))
  assert.deepEqual(shown, {
    exempt: '0 0 600', 'catch-all': '13 13 613', system: '74 50 674', 'node-high': '98 73 698', 'leader-election': '25 25 625',
    'workload-high': '98 49 698', 'workload-low': '245 24 845', 'global-default': '49 24 649',
  })
  const bounded = { type: 'Limited', limited: { nominalConcurrencyShares: 30, borrowingLimitPercent: 50, lendablePercent: 10 } }
  assert.deepEqual(nominalLimits([{ name: 'a', spec: bounded }], 100).get('a'), { nominal: 100, least: 90, most: 150 })
})

function level(nominal: number, least: number, demand: number, most = 1_000): Borrower {
  return { limits: { nominal, least, most }, isExempt: false, highest: demand, smoothed: demand }
}

test('who needs more than it has borrows from who needs less', () => {
  const check = (levels: readonly Borrower[], expected: readonly number[]): void => assert.deepEqual(lendSeats(levels).seats, expected)
  // Nobody wants anything: half of what is lent goes back and forth by chance of the targets, never below the least.
  check([level(50, 25, 0), level(50, 25, 0)], [50, 50])
  check([level(50, 25, 200), level(50, 25, 0)], [75, 25])
  check([level(50, 50, 200), level(50, 50, 0)], [50, 50])
  check([level(50, 25, 200, 60), level(50, 25, 0)], [60, 40])
  check([level(50, 25, 200), level(50, 25, 200)], [50, 50])
  check([level(50, 25, 200), level(50, 25, 40)], [60, 40])
  // What exempt requests take is not there to be lent.
  check([{ ...level(0, 0, 30), isExempt: true }, level(60, 10, 200), level(40, 10, 0)], [30, 60, 10])
  check([{ ...level(0, 0, 90), isExempt: true }, level(60, 10, 200), level(40, 10, 0)], [90, 10, 10])
})

test('demand over a while is weighed by time', () => {
  const demand = new SeatDemand()
  demand.set(10, 0)
  demand.set(0, 1_000)
  assert.deepEqual(demand.take(2_000), { average: 5, deviation: 5, highest: 10 })
  assert.deepEqual(demand.take(3_000), { average: 0, deviation: 0, highest: 0 })
})
