import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonPath } from './json-path.ts'

const object = {
  metadata: { labels: { 'a.b/c': 'x' } },
  spec: { replicas: 3, parts: [{ name: 'one', size: 1 }, { name: 'two', size: 2 }, { name: 'three', size: 3 }] },
  status: { conditions: [{ type: 'Ready', status: 'True' }, { type: 'Synced', status: 'False' }] },
}

test('paths', () => {
  const table: [string, unknown[]][] = [
    ['.spec.replicas', [3]],
    ['{.spec.replicas}', [3]],
    ['spec.replicas', [3]],
    ['$.spec.replicas', [3]],
    ['.spec.none.below', []],
    [".metadata.labels['a.b/c']", ['x']],
    ['.metadata.labels.a\\.b/c', ['x']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type == 'Synced')].status", ['False']],
    ['.spec.parts[?(@.size>=2)].name', ['two', 'three']],
    ['.spec.parts[?(@.size)].size', [1, 2, 3]],
    ['.spec.parts[*].name', ['one', 'two', 'three']],
    ['.spec.parts[1].name', ['two']],
    ['.spec.parts[-1].name', ['three']],
    ['.spec.parts[9].name', []],
    ['.spec.parts[1:].name', ['two', 'three']],
    ['.spec.parts[-1:].name', ['three']],
    ['..name', ['one', 'two', 'three']],
    ['.spec.constructor', []],
  ]
  for (const [path, expected] of table) assert.deepEqual([...(jsonPath(path)?.find(object) ?? ['no path'])], expected, path)
})

test('what is no path', () => {
  for (const text of ['.spec[', '.spec[?(@.a', '.a]', '[x]', `.${'a'.repeat(2000)}`]) assert.equal(jsonPath(text), undefined, text)
})

test('paths that lead to the same place in millions of ways are given up', () => {
  const deep = Array.from({ length: 200 }).reduce<object>((inner) => ({ a: inner, b: 1 }), { a: 1 })
  const wide = { list: Array.from({ length: 100_000 }, (_, index) => ({ name: `n${index}`, ...(index === 99_999 ? { last: true } : {}) })) }
  const first = (path: string, value: unknown): unknown => [...(jsonPath(path)?.find(value) ?? [])][0]
  const start = performance.now()
  for (const path of [`${'..a'.repeat(9)}.none`, '..*..*..*..*.none', `..[?(@${'..a'.repeat(8)}.none)]`, '..a'.repeat(300)]) {
    assert.equal(first(path, { list: [deep, deep], deep }), undefined, path)
  }
  assert.equal(first('.list[*].last', wide), undefined, 'too far away')
  const [name] = jsonPath('.list[*].name')?.find(wide) ?? []
  assert.equal(name, 'n0')
  assert.ok(performance.now() - start < 1_000, `took ${performance.now() - start} ms`)
})
