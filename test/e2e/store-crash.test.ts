import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openLmdbStore } from '../../src/host/lmdb/open-lmdb-store.ts'
import { prefixRange } from '../../src/store/key-range.ts'
import type { Revision, Store } from '../../src/store/store.ts'

const ROUNDS = 5
const COMMITS = 2000

const directory = mkdtempSync(join(tmpdir(), 'lotse-crash-'))
after(() => rmSync(directory, { recursive: true, force: true }))

/** Runs a writer and kills it so long after it began. Resolves with what it acknowledged: commit -> revision. */
function writeUntilKilled(round: string, delayMs: number): Promise<Map<number, Revision>> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'store-crash-writer.ts'), directory, round, String(COMMITS)], { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve) => {
    let output = ''
    child.stdout.on('data', (chunk) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), delayMs)
      output += chunk
    })
    child.on('close', () => {
      const lines = output.split('\n').slice(0, -1).filter((line) => line !== 'all' && line !== 'begin')
      resolve(new Map(lines.map((line) => line.split(' ').map(Number) as [number, number])))
    })
  })
}

/** Which commits of a round are in the store; asserts that each of them is there whole. */
async function wholeCommits(store: Store, round: string): Promise<Map<number, Revision>> {
  const parts = await Promise.all(['a', 'b', 'c'].map(async (part) => {
    const result = await store.read(prefixRange(`${round}/${part}/`), { at: 'latest', limit: COMMITS + 1 })
    assert(result.outcome === 'page')
    return new Map(result.page.entries.map((entry) => [Number(entry.key.split('/')[2]), entry.modified]))
  }))
  const [a = new Map<number, Revision>(), b, c] = parts
  assert.deepEqual([b, c], [a, a], 'a transaction is there whole or not at all')
  return a
}

test(`a writer killed in the middle of ${COMMITS} concurrent commits loses nothing that it acknowledged`, async () => {
  let latest = 0
  let cut = 0
  for (let index = 0; index < ROUNDS; index++) {
    const round = `round-${index}`
    const acknowledged = await writeUntilKilled(round, randomInt(10, 130))
    const store = await openLmdbStore({ directory })
    const kept = await wholeCommits(store, round)
    for (const [commit, revision] of acknowledged) assert.equal(kept.get(commit), revision, `commit ${commit} of ${round}`)
    assert.equal(await store.latest(), latest + kept.size, 'revisions have no gaps')
    await checkHistory(store, latest)
    if (kept.size < COMMITS) cut++
    latest += kept.size
    await store.close()
  }
  assert(cut > 0, 'at least one round was cut short')
})

/** A watch that was at the last revision before the crash resumes and sees every commit since, whole. */
async function checkHistory(store: Store, after: Revision): Promise<void> {
  const abort = new AbortController()
  const latest = await store.latest()
  let reached = after
  if (reached === latest) return
  for await (const batch of store.watch(prefixRange(''), after, abort.signal)) {
    assert(batch.type === 'changes')
    for (const commit of batch.commits) {
      assert.deepEqual([commit.revision, commit.changes.length], [reached + 1, 4])
      reached = commit.revision
    }
    if (reached === latest) break
  }
}
