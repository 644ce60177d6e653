import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invalid } from './status-error.ts'

const kind = { group: 'apps', kind: 'Deployment' }
const causes = (count: number): { reason: string; field: string; message: string }[] =>
  Array.from({ length: count }, (_, index) => ({ reason: 'FieldValueRequired', field: `spec.f${index}`, message: 'Required value' }))

test('what is invalid, field by field', () => {
  assert.equal(invalid(kind, 'a', causes(1)).message, 'Deployment.apps "a" is invalid: spec.f0: Required value')
  assert.equal(invalid(kind, 'a', causes(2)).message, 'Deployment.apps "a" is invalid: [spec.f0: Required value, spec.f1: Required value]')
  const twice = invalid(kind, 'a', [...causes(1), ...causes(1)])
  assert.equal(twice.message, 'Deployment.apps "a" is invalid: spec.f0: Required value')
  assert.equal(twice.details?.causes?.length, 2)
  assert.equal(invalid(kind, 'a', causes(100)).details?.causes?.length, 100)
})

test('of a great many only the first are told', () => {
  const { message, details } = invalid(kind, 'a', causes(60_000))
  assert.match(message, /spec\.f99: Required value, and 59900 more\]$/)
  assert.equal(details?.causes?.length, 101)
})
