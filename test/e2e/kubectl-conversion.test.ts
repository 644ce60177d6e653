/** A kind of two versions, and the webhook that converts between them: right, slow, wrong and not there. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { clientPath, installClients, startCluster, type TestCluster } from './cluster.testing.ts'
import { startConversionWebhook } from './conversion-webhook.testing.ts'
import { shellFor } from './transcript-shell.testing.ts'
import { runTranscript } from './transcript.testing.ts'

let cluster: TestCluster | undefined

before(() => {
  assert.ok(existsSync(clientPath('kubectl-1.32')) || installClients(), 'kubectl could not be brought here')
  cluster = startCluster('e2e-conversion', '--nodes', '0')
})

after(() => cluster?.remove())

test('versions of a custom resource, and a webhook between them', async () => {
  assert.ok(cluster !== undefined)
  const shell = shellFor(cluster, 'conversion')
  writeFileSync(join(shell.directory, 'mode'), 'right')
  const webhook = await startConversionWebhook(shell.directory)
  try {
    const environment = { ...shell.environment, HOOK: webhook.url, HOOK_CA: webhook.caBundle }
    await runTranscript(join(import.meta.dirname, 'transcripts/conversion/versions.txt'), { ...shell, environment })
  } finally {
    webhook.close()
  }
})

test('webhooks behind a service', async (t) => {
  assert.ok(cluster !== undefined)
  // Endpoints may not be in the loopback range; what is sent to an address of the machine's own does not leave it either.
  const address = Object.values(networkInterfaces()).flat().find((each) => each?.family === 'IPv4' && !each.internal)?.address
  if (address === undefined) return t.skip('this machine has no address but that of its loopback')
  const shell = shellFor(cluster, 'by-service')
  writeFileSync(join(shell.directory, 'mode'), 'right')
  const webhook = await startConversionWebhook(shell.directory, { name: 'hooks.tools.svc', address })
  try {
    const environment = { ...shell.environment, ADDRESS: address, PORT: String(webhook.port), HOOK_CA: webhook.caBundle }
    await runTranscript(join(import.meta.dirname, 'transcripts/conversion/by-service.txt'), { ...shell, environment })
  } finally {
    webhook.close()
  }
})
