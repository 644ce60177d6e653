/** Helm 4 with a chart of this test's own: install, upgrade, rollback, uninstall, with look-ups and server-side apply. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { clientPath, installClients, startCluster, type TestCluster } from './cluster.testing.ts'

const CHART: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
  'values.yaml': 'replicas: 2\n',
  'templates/all.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }}-web }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec: { containers: [{ name: web, image: example.com/web:1 }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}-settings }
data: { found: "{{ (lookup "v1" "Namespace" "" "default").metadata.name }}" }
`,
}

const directory = mkdtempSync(join(tmpdir(), 'lotse-helm-'))
let cluster: TestCluster | undefined

before(() => {
  assert.ok(installClients(), 'the clients could not be installed')
  for (const [file, text] of Object.entries(CHART)) {
    mkdirSync(join(directory, 'chart/templates'), { recursive: true })
    writeFileSync(join(directory, 'chart', file), text)
  }
  cluster = startCluster('helm', '--nodes', '0')
})
after(() => {
  cluster?.remove()
  rmSync(directory, { recursive: true, force: true })
})

function helm(...parameters: string[]): string {
  const home = { HELM_CACHE_HOME: directory, HELM_CONFIG_HOME: directory, HELM_DATA_HOME: directory }
  const result = spawnSync(clientPath('helm'), parameters, { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...home, KUBECONFIG: cluster?.kubeconfig } })
  assert.equal(result.status, 0, `helm ${parameters.join(' ')}: ${result.stderr}${result.stdout}`)
  return result.stdout
}

function kubectl(...parameters: string[]): string {
  return cluster?.kubectl(...parameters) ?? ''
}

const REPLICAS = ['get', 'deployment', 'shop-web', '-o', 'jsonpath={.spec.replicas}'] as const

test('a release from install to uninstall', () => {
  const chart = join(directory, 'chart')
  assert.match(helm('install', 'shop', chart), /STATUS: deployed\nREVISION: 1/)
  assert.equal(kubectl(...REPLICAS), '2')
  assert.equal(kubectl('get', 'configmap', 'shop-settings', '-o', 'jsonpath={.data.found}'), 'default')
  assert.match(kubectl('get', 'deployment', 'shop-web', '-o', 'yaml', '--show-managed-fields'), /manager: helm\n\s+operation: Apply/)

  assert.match(helm('upgrade', 'shop', chart, '--set', 'replicas=5'), /REVISION: 2/)
  assert.equal(kubectl(...REPLICAS), '5')
  assert.match(helm('upgrade', 'shop', chart, '--set', 'replicas=9', '--dry-run=server'), /replicas: 9/)
  assert.equal(kubectl(...REPLICAS), '5')

  helm('rollback', 'shop', '1')
  assert.equal(kubectl(...REPLICAS), '2')
  const history = JSON.parse(helm('history', 'shop', '--output', 'json')) as { status: string }[]
  assert.deepEqual(history.map(({ status }) => status), ['superseded', 'superseded', 'deployed'])

  helm('uninstall', 'shop', '--wait')
  assert.equal(kubectl('get', 'deployments,secrets,configmaps', '-o', 'name', '--field-selector', 'metadata.name!=kube-root-ca.crt').trim(), '')
})
