import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { settle, TestClock } from '../../apiserver/apiserver.testing.ts'
import { silentLog } from '../../words/ports.ts'
import { openAudit } from './open-audit.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-open-audit-'))
after(() => rmSync(directory, { recursive: true }))

test('a changed kubeconfig of the webhook counts, one that is wrong does not', async () => {
  const [policy, webhookConfig] = [join(directory, 'policy.yaml'), join(directory, 'hook.yaml')]
  writeFileSync(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n')
  const name = (path: string): void => writeFileSync(webhookConfig, JSON.stringify({
    'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'c' } }], clusters: [{ name: 'c', cluster: { server: `https://192.0.2.1${path}` } }],
  }))
  name('/one')
  const [clock, posted, errors]: [TestClock, string[], string[]] = [new TestClock(), [], []]
  const log = { ...silentLog, error: (_: string, fields?: object) => void errors.push(JSON.stringify(fields)) }
  const poster = { post: async ({ path }: { readonly path: string }) => void posted.push(path) }
  const audit = await openAudit({ policy, log: undefined, webhookConfig }, { poster, clock, log })
  const send = async (): Promise<string | undefined> => {
    for (const sink of audit.sinks) sink.take('{}')
    for (let step = 0; step < 6; step++) {
      await clock.advance(1_000)
      await settle()
    }
    return posted.at(-1)
  }
  assert.equal(await send(), '/one')
  name('/two')
  await send()
  assert.equal(await send(), '/two')
  writeFileSync(webhookConfig, '{}')
  await send()
  assert.equal(await send(), '/two')
  assert.match(errors.join(), /hook\.yaml cannot be used/)
  await audit.close()
})
