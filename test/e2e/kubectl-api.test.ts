import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { clientPath, installClients, startCluster, type TestCluster } from './cluster.testing.ts'
import { shellFor } from './transcript-shell.testing.ts'
import { runTranscript } from './transcript.testing.ts'

const FILES = globSync(join(import.meta.dirname, 'transcripts/api/*.txt')).sort()

let cluster: TestCluster | undefined

before(() => {
  assert.ok(existsSync(clientPath('kubectl-1.32')) || installClients(), 'kubectl could not be brought here')
  cluster = startCluster('e2e-api', '--nodes', '0')
})

after(() => cluster?.remove())

describe('kubectl on a control plane alone', { concurrency: 4 }, () => {
  for (const file of FILES) {
    const name = basename(file, '.txt')
    test(name, async () => {
      assert.ok(cluster !== undefined)
      await runTranscript(file, shellFor(cluster, name))
    })
  }
})
