import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFieldPath, withPath } from './field-path.testing.ts'
import { childPath, indexPath, keyPath } from './field-path.ts'
import { freezeJson } from './json.ts'

test('paths are built and read', () => {
  assert.equal(childPath(indexPath(childPath('spec', 'containers'), 0), 'name'), 'spec.containers[0].name')
  assert.equal(keyPath(childPath('', 'metadata', 'labels'), 'a.b/c'), 'metadata.labels[a.b/c]')
  const table: [string, (string | number)[] | undefined][] = [
    ['spec.containers[0].name', ['spec', 'containers', 0, 'name']], ["metadata.labels['a.b/c']", ['metadata', 'labels', 'a.b/c']],
    ['metadata.labels[a.b/c]', ['metadata', 'labels', 'a.b/c']],
    ['metadata.annotations["x"]', ['metadata', 'annotations', 'x']], ['', undefined], ['.a', undefined], ['a..b', undefined],
    ['a[', undefined], ['a b', undefined], ['a[0]b', undefined],
  ]
  for (const [text, expected] of table) assert.deepEqual(parseFieldPath(text), expected, text)
})

test('a value is replaced without touching the original', () => {
  const object = freezeJson({ a: { b: [{ c: 1 }, { c: 2 }] }, d: {} })
  const changed = withPath(object, ['a', 'b', 0, 'c'], 9)
  assert.deepEqual(changed, { a: { b: [{ c: 9 }, { c: 2 }] }, d: {} })
  assert.equal(changed.d, object.d)
  assert.equal(changed.a.b[1], object.a.b[1])
  assert.deepEqual(withPath({ a: 1, b: 2 }, ['b'], undefined), { a: 1 })
  assert.deepEqual(withPath({}, ['x', 'y'], 1), { x: { y: 1 } })
})
