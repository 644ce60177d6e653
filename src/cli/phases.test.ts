import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Phases, type Output } from './phases.ts'

function recorder(options: Partial<Output> = {}): Output & { text: string } {
  const output = {
    text: '',
    isTerminal: false,
    columns: 40,
    color: false,
    ...options,
    write(text: string) {
      output.text += text
    },
  }
  return output
}

const TIME = /\d+\.\d s/g

test('one plain line a phase where nobody watches', async () => {
  const output = recorder()
  const phases = new Phases(output, { quiet: false })
  await phases.run('first', () => Promise.resolve('x'), (result) => `got ${result}`)
  await assert.rejects(phases.run('second', () => Promise.reject(new Error('no'))))
  assert.equal(output.text.replace(TIME, 'T'), '✓   T  first: got x\n✗   T  second: failed\n')
  assert.deepEqual(phases.times.map(({ phase, note }) => [phase, note]), [['first', 'got x']])
})

test('quiet says nothing and still takes the time', async () => {
  const output = recorder({ isTerminal: true })
  const phases = new Phases(output, { quiet: true })
  await phases.run('first', () => Promise.resolve())
  assert.equal(output.text, '')
  assert.equal(phases.times.length, 1)
})

test('on a terminal the running line is never wider than it, and is wiped at the end', async () => {
  const output = recorder({ isTerminal: true, color: true })
  const phases = new Phases(output, { quiet: false })
  await phases.run('a phase', async (report) => {
    report('x'.repeat(200))
    await new Promise((resolve) => setTimeout(resolve, 250))
  })
  const drawn = output.text.split('\r\x1b[2K').slice(1, -1)
  assert.ok(drawn.length >= 2)
  for (const line of drawn) assert.ok(line.length < 40, line)
  assert.match(output.text, /\r\x1b\[2K\x1b\[32m✓\x1b\[0m +\d/)
})
