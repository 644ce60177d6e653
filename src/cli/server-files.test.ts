import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from './errors.ts'
import { changedServerFiles, sameServerFiles, type ServerFiles } from './server-files.ts'

const here = import.meta.filename

test('what up makes of its options', () => {
  const table: readonly [ServerFiles, ServerFiles, ServerFiles][] = [
    [{}, {}, {}],
    [{}, { encryptionConfig: here }, { encryptionConfig: here }],
    [{ authenticationConfig: here }, { authorizationConfig: here }, { authenticationConfig: here, authorizationConfig: here }],
    [{ encryptionConfig: '/gone' }, {}, { encryptionConfig: '/gone' }],
    [{ encryptionConfig: here }, { encryptionConfig: '' }, {}],
    [{ auditPolicy: here }, { auditLog: '/new/audit.log' }, { auditPolicy: here, auditLog: '/new/audit.log' }],
  ]
  for (const [known, asked, expected] of table) {
    const changed = changedServerFiles(known, asked)
    assert.deepEqual(changed, expected)
    assert.equal(sameServerFiles(changed, known), JSON.stringify(expected) === JSON.stringify(known))
  }
})

test('refused: a file that is not there, a log without a policy', () => {
  assert.throws(() => changedServerFiles({}, { encryptionConfig: '/nowhere/enc.yaml' }), new UsageError(
    '--encryption-config: there is no file /nowhere/enc.yaml'
  ))
  assert.throws(() => changedServerFiles({}, { auditLog: '/a' }), UsageError)
  assert.throws(() => changedServerFiles({ auditPolicy: here, auditLog: '/a' }, { auditPolicy: '' }), UsageError)
})
