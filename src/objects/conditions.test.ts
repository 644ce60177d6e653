import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCondition, isConditionTrue } from './conditions.ts'

test('a condition holds when it is there and True', () => {
  const conditions = [{ type: 'Ready', status: 'True' }, { type: 'Initialized', status: 'Unknown' }]
  assert.equal(findCondition(conditions, 'Initialized'), conditions[1])
  assert.deepEqual(['Ready', 'Initialized', 'Absent'].map((type) => isConditionTrue(conditions, type)), [true, false, false])
  assert.equal(isConditionTrue(undefined, 'Ready'), false)
})
