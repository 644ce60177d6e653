import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { clientPath, installClients, startCluster, type TestCluster } from './cluster.testing.ts'
import { shellFor } from './transcript-shell.testing.ts'
import { runTranscript } from './transcript.testing.ts'

const FILES = globSync(join(import.meta.dirname, 'transcripts/extensions/*.txt')).sort()

let cluster: TestCluster | undefined

before(() => {
  assert.ok(existsSync(clientPath('kubectl-1.32')) || installClients(), 'kubectl could not be brought here')
  cluster = startCluster('e2e-extensions', '--nodes', '0')
})

after(() => cluster?.remove())

// A cluster of their own, one after the other: what they add to the API would be seen in others' discovery.
describe('what users add to the API', { concurrency: 1 }, () => {
  for (const file of FILES) {
    const name = basename(file, '.txt')
    test(name, async () => {
      assert.ok(cluster !== undefined)
      await runTranscript(file, shellFor(cluster, name))
    })
  }
})
