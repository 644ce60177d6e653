import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../words/bytes.ts'
import { readConfigDocument } from './config-document.ts'

const expected = {
  kind: 'Settings', apiVersions: ['example.com/v1', 'example.com/v2'], notObject: 'it is no object', fail: (why: string) => new Error(`/etc/a.yaml: ${why}`),
}
const versions = 'it must be Settings of example.com/v1 or example.com/v2'

test('a configuration document is what it says, and of the kind that is wanted', () => {
  const table: [content: string, expected: object | string][] = [
    ['kind: Settings\napiVersion: example.com/v2\nb: 1', { kind: 'Settings', apiVersion: 'example.com/v2', b: 1 }],
    ['{"kind":"Settings","apiVersion":"example.com/v1"}', { kind: 'Settings', apiVersion: 'example.com/v1' }],
    ['', '/etc/a.yaml: it is no object'],
    ['[]', '/etc/a.yaml: it is no object'],
    ['{}', `/etc/a.yaml: no kind "" is registered for version ""; ${versions}`],
    ['kind: Settings\napiVersion: 2', `/etc/a.yaml: no kind "Settings" is registered for version ""; ${versions}`],
    ['kind: Pod\napiVersion: example.com/v1', `/etc/a.yaml: no kind "Pod" is registered for version "example.com/v1"; ${versions}`],
    [`kind: ${'x'.repeat(200)}\napiVersion: v1`, `/etc/a.yaml: no kind "${'x'.repeat(100)}" is registered for version "v1"; ${versions}`],
  ]
  for (const [content, result] of table) {
    if (typeof result === 'string') assert.throws(() => readConfigDocument(utf8(content), expected), { message: result })
    else assert.deepEqual(readConfigDocument(utf8(content), expected), result)
  }
  assert.throws(() => readConfigDocument(utf8('a: ['), expected), /^Error: \/etc\/a\.yaml: /)
})
