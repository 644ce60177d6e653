import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import type { LayerEntry } from './oci-layer.ts'
import { tarOf } from './tar.ts'

const file = (path: string, text: string): LayerEntry => ({ type: 'file', path, mode: 0o640, content: Buffer.from(text), userId: 7, groupId: 8 })

test('the usual tar program reads it', () => {
  const long = `${'d'.repeat(60)}/${'e'.repeat(60)}/file`
  const entries: LayerEntry[] = [
    { type: 'directory', path: 'dir', mode: 0o1777 },
    file('dir/plain', 'x'.repeat(600)),
    file(long, 'split'),
    file('f'.repeat(180), 'pax'),
    file('grün', 'utf-8'),
    { type: 'symlink', path: 'link', target: 'dir/plain' },
    { type: 'symlink', path: 'far', target: 't'.repeat(150) },
  ]
  const archive = tarOf(entries)
  assert.equal(archive.length % 512, 0)
  const listed = execFileSync('tar', ['-tvf', '-', '--numeric-owner', '--quoting-style=literal'], { input: archive, env: { ...process.env, TZ: 'UTC' } }).toString()
  const lines = listed.trimEnd().split('\n').map((line) => line.replace(/ +/g, ' '))
  const time = '1970-01-01 00:00'
  assert.deepEqual(lines, [
    `drwxrwxrwt 0/0 0 ${time} dir/`,
    `-rw-r----- 7/8 600 ${time} dir/plain`,
    `-rw-r----- 7/8 5 ${time} ${long}`,
    `-rw-r----- 7/8 3 ${time} ${'f'.repeat(180)}`,
    `-rw-r----- 7/8 5 ${time} grün`,
    `lrwxrwxrwx 0/0 0 ${time} link -> dir/plain`,
    `lrwxrwxrwx 0/0 0 ${time} far -> ${'t'.repeat(150)}`,
  ])
  assert.equal(execFileSync('tar', ['-xOf', '-', long], { input: archive }).toString(), 'split')
})
