import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestClock } from './apiserver.testing.ts'
import { Turns } from './turns.ts'

test('long works share a turn, and follow one another', async () => {
  const clock = new TestClock()
  const turns = new Turns(clock)
  const told: string[] = []
  const work = async (name: string, steps: number): Promise<void> => {
    for (let step = 1; step <= steps; step++) {
      if (turns.isOver()) await turns.next()
      told.push(`${name}${step}`)
      clock.lookMs = 2
    }
    told.push(`${name} done`)
  }
  const all = Promise.all([work('a', 4), work('b', 2), work('c', 1)])
  assert.equal(told.join(' '), 'a1 a2 a3')
  told.push('|')
  clock.lookMs = 0
  await clock.advance(1)
  await all
  assert.equal(told.join(' '), 'a1 a2 a3 | a4 a done b1 b2 b done c1 c done')
})
