import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expositionOf } from '../apiserver/metrics/metric-family.ts'
import { processMetrics } from './process-metrics.ts'

test('the process tells of itself, in numbers', () => {
  const source = processMetrics()
  for (const text of [expositionOf(source()), expositionOf(source())]) {
    const values = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => Number(line.split(' ').at(-1)))
    assert(values.length >= 10 && values.every((value) => Number.isFinite(value) && value >= 0), text)
  }
})
