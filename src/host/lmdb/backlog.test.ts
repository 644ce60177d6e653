import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../words/ports.ts'
import { Backlog } from './backlog.ts'
import type { WrittenCommit } from './journal-record.ts'

/**
 * What happened at the disk, in order, and what is wrong with it. However the test ends, the disk works again and the backlog is closed: else it
 * would try to write for ever, and a test that fails would not end.
 */
function bed(t: TestContext) {
  const events: string[] = []
  const fault = { journal: false, database: false, room: true, fits: true }
  const names = (commits: readonly WrittenCommit[]): string => commits.map((commit) => commit.revision).join(' ')
  let newest = 0
  const backlog = new Backlog({
    applied: 0,
    log: silentLog,
    journal: {
      fits: () => fault.fits,
      append: async (commits) => {
        if (fault.journal) throw new Error('journal fault')
        events.push(`journal ${names(commits)}`)
      },
      release: (through) => events.push(`released ${through}`),
      forgetUncertain: () => events.push('void'),
      close: () => events.push('closed'),
    },
    database: {
      hasRoomFor: () => fault.room,
      newestChange: () => newest,
      writeCommits: async (commits) => {
        if (fault.database) throw new Error('database fault')
        events.push(`database ${names(commits)}`)
        newest = commits.at(-1)?.revision ?? newest
      },
    },
  })
  t.after(async () => {
    Object.assign(fault, { journal: false, database: false, room: true, fits: true })
    await backlog.close()
  })
  return { backlog, events, fault }
}

function commit(revision: number, key = 'key'): WrittenCommit {
  return { revision, changes: [{ key, entry: { key, value: Buffer.alloc(1), created: revision, modified: revision }, replaced: 0 }] }
}

test('commits are durable in the journal, then together in the data file', async (t) => {
  const { backlog, events } = bed(t)
  await backlog.write([commit(1), commit(2, 'other')])
  await backlog.write([commit(3)])
  assert.deepEqual([backlog.newest('key')?.modified, backlog.newest('other')?.modified, backlog.newest('none')], [3, 2, undefined])
  await backlog.reach(1)
  assert.deepEqual([backlog.newest('key'), backlog.newest('other')], [undefined, undefined])
  await backlog.close()
  assert.deepEqual(events, ['journal 1 2', 'journal 3', 'database 1 2 3', 'released 3', 'closed'])
})

test('a moment later they go by themselves', async (t) => {
  const { backlog, events } = bed(t)
  await backlog.write([commit(1)])
  for (let turn = 0; turn < 200 && events.length < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(events, ['journal 1', 'database 1', 'released 1'])
  await backlog.close()
})

test('what the journal or the data file has no room for goes to the data file, behind all that waits', async (t) => {
  for (const lack of ['room', 'fits'] as const) {
    const { backlog, events, fault } = bed(t)
    await backlog.write([commit(1)])
    fault[lack] = false
    await backlog.write([commit(2)])
    assert.deepEqual(events, ['journal 1', 'database 1', 'released 1', 'void', 'database 2'], lack)
    await backlog.close()
  }
})

test('when the journal fails, its record is void before the data file takes the commits', async (t) => {
  const { backlog, events, fault } = bed(t)
  fault.journal = true
  await backlog.write([commit(1)])
  assert.deepEqual(events, ['void', 'database 1'])
  fault.database = true
  await assert.rejects(backlog.write([commit(2)]), /database fault/)
  await backlog.close()
})

test('while the data file fails nothing more is taken, and nothing that was taken is lost', async (t) => {
  const { backlog, events, fault } = bed(t)
  await backlog.write([commit(1)])
  fault.database = true
  await assert.rejects(backlog.reach(1), /database fault/)
  await assert.rejects(backlog.write([commit(2)]), /database fault/)
  assert.equal(backlog.newest('key')?.modified, 1)
  fault.database = false
  await backlog.write([commit(2)])
  await backlog.write([commit(3)])
  assert.deepEqual(events, ['journal 1', 'database 1', 'released 1', 'void', 'database 2', 'journal 3'])
  fault.database = true
  await backlog.close()
  assert.deepEqual(events.slice(6), ['closed'], 'the journal keeps 3')
})
