import assert from 'node:assert/strict'
import { test } from 'node:test'
import { booleanField, bytesOf, messageField, textField } from './protobuf-writer.ts'

test('the bytes of fields, against the encoding guide of protocol buffers', () => {
  const table: [string, string][] = [
    [textField(2, 'testing'), '120774657374696e67'],
    [textField(2, ''), ''],
    [textField(1, 'é'), '0a02c3a9'],
    [booleanField(1, true), '0801'],
    [booleanField(20, true), 'a00101'],
    [booleanField(1, false), ''],
    [messageField(3, [textField(1, 'a'), booleanField(2, true)]), '1a050a01611001'],
    [messageField(3, []), '1a00'],
    [textField(1, 'x'.repeat(300)).slice(0, 4), '0aac0278'],
  ]
  for (const [encoded, hex] of table) assert.equal(Buffer.from(bytesOf(encoded)).toString('hex'), hex)
})
