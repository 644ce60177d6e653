import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { silentLog, type Log } from '../../words/ports.ts'
import { systemClock } from '../clock.ts'
import { AuditLog } from './audit-log.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-audit-'))
after(() => rmSync(directory, { recursive: true }))

const lines = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n')
const parts = { clock: systemClock, log: silentLog }

test('lines come in order, in a file of this user alone, and a file that is there is gone on with', async () => {
  const file = join(directory, 'new', 'audit.log')
  for (const batch of [['{"a":1}', '{"a":2}'], ['{"a":3}']]) {
    const log = await AuditLog.open({ file, ...parts })
    for (const line of batch) log.take(line)
    await log.close()
  }
  assert.deepEqual(lines(file), ['{"a":1}', '{"a":2}', '{"a":3}'])
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('a full file makes room: the newest are kept, each whole', async () => {
  const file = join(directory, 'rotated.log')
  const log = await AuditLog.open({ file, ...parts, maxFileBytes: 30, maxFiles: 2 })
  for (let count = 0; count < 8; count++) {
    log.take(`{"number":${count}}`)
    await new Promise((resolve) => setTimeout(resolve, 120))
  }
  await log.close()
  const files = readdirSync(directory).filter((name) => name.startsWith('rotated.log')).toSorted()
  assert.deepEqual(files, ['rotated.log', 'rotated.log.1', 'rotated.log.2'])
  assert.deepEqual(
    files.toReversed().flatMap((name) => lines(join(directory, name))), [2, 3, 4, 5, 6, 7].map((count) => `{"number":${count}}`)
  )
})

test('what the disk does not take within the bound is lost, and counted', async () => {
  const file = join(directory, 'bounded.log')
  const errors: unknown[] = []
  const log: Log = { ...silentLog, error: (message, fields) => errors.push([message, fields?.['events']]) }
  const audit = await AuditLog.open({ file, clock: systemClock, log, maxWaitingBytes: 100 })
  for (let count = 0; count < 30; count++) audit.take(`{"number":${count}}`)
  await audit.close()
  assert.equal(lines(file).length, 7)
  assert.deepEqual(errors, [['Audit events were lost, as the disk did not keep up', 23]])
})

test('a file that cannot be written is said at the start', async () => {
  mkdirSync(join(directory, 'folder.log'))
  await assert.rejects(
    AuditLog.open({ file: join(directory, 'folder.log'), ...parts }), /the audit log .*folder\.log cannot be written: EISDIR/
  )
  writeFileSync(join(directory, 'target'), '')
  symlinkSync(join(directory, 'target'), join(directory, 'link.log'))
  await assert.rejects(AuditLog.open({ file: join(directory, 'link.log'), ...parts }), /ELOOP/)
})
