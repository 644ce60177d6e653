import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { importBusybox } from './busybox-image.testing.ts'
import { clientPath, installClients, noContainers, startCluster, type TestCluster } from './cluster.testing.ts'
import { shellFor } from './transcript-shell.testing.ts'
import { runTranscript } from './transcript.testing.ts'

const skip = noContainers() ?? false
const folder = join(import.meta.dirname, 'transcripts')

let cluster: TestCluster | undefined

async function run(file: string): Promise<void> {
  assert.ok(cluster !== undefined)
  await runTranscript(file, shellFor(cluster, basename(file, '.txt')))
}

before(async () => {
  if (skip !== false) return
  assert.ok(existsSync(clientPath('kubectl-1.32')) || installClients(), 'kubectl could not be brought here')
  cluster = startCluster('e2e-pods')
  await importBusybox(cluster.dataDirectory)
})

after(() => cluster?.remove())

describe('kubectl and running pods', { concurrency: 4, skip }, () => {
  for (const file of globSync(join(folder, 'pods/*.txt')).sort()) test(basename(file, '.txt'), () => run(file))
})

// Draining moves the pods of all others: this comes last.
test('kubectl and the node', { skip }, () => run(join(folder, 'node/drain.txt')))
