import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RestWatch } from './resting-garbage.ts'

const MB = 1024 * 1024

test('a thread is collected once after each time of work, unless its heap is large', () => {
  const watch = new RestWatch()
  const looks: [workedMs: number, heapMb: number, isDue: boolean, why: string][] = [
    [900, 30, false, 'it works'],
    [950, 30, true, 'its first work is over'],
    [1_000, 30, false, 'no work since'],
    [1_100, 30, false, 'too little to leave garbage'],
    [1_160, 30, true, 'little by little it was enough'],
    [5_000, 60, false, 'it works'],
    [5_050, 500, false, 'a pause for so large a heap would be noticed'],
    [5_100, 60, true, 'most of the heap is gone'],
  ]
  for (const [workedMs, heapMb, isDue, why] of looks) assert.equal(watch.isDue({ workedMs, heapBytes: heapMb * MB }), isDue, why)
})
