/** Helm 4 with a chart of this test's own: install, upgrade, rollback, uninstall; hooks, tests, look-ups, kinds of its own, conflicts, failures. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { clientPath, installClients, startCluster, type Ran, type TestCluster } from './cluster.testing.ts'

/** A hook that needs no node: a ConfigMap is done when it is there. */
function hook(name: string, when: string, policy: string, weight: number, data = ''): string {
  const annotations = `{ helm.sh/hook: "${when}", helm.sh/hook-delete-policy: "${policy}", helm.sh/hook-weight: "${weight}" }`
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }}-${name}, labels: { hook: "yes" }, annotations: ${annotations} }\ndata: { revision: "{{ .Release.Revision }}"${data} }\n`
}

const CHART: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: "7"\nkubeVersion: ">=1.32.0-0"\ndependencies: [{ name: harbour, version: 0.1.0, condition: harbour.enabled }]\n',
  'values.yaml': 'replicas: 2\nbroken: false\nreading: ""\nharbour: { enabled: true, depth: 7 }\nglobal: { owner: ann }\n',
  'charts/harbour/Chart.yaml': 'apiVersion: v2\nname: harbour\nversion: 0.1.0\n',
  'charts/harbour/values.yaml': 'depth: 1\n',
  'charts/harbour/templates/all.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}-harbour }
data: { depth: "{{ .Values.depth }}", owner: {{ .Values.global.owner }} }
`,
  'values.schema.json': '{ "type": "object", "properties": { "replicas": { "type": "integer", "minimum": 0 } } }',
  'crds/boats.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: boats.helm.example.com }
spec:
  group: helm.example.com
  scope: Namespaced
  names: { plural: boats, singular: boat, kind: Boat }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer, minimum: 1 } } } } } } }]
`,
  'templates/_names.tpl': '{{- define "web.name" -}}{{ .Release.Name }}-web{{- end -}}',
  'templates/all.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ include "web.name" . }} }
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
data:
  found: "{{ (lookup "v1" "Namespace" "" "default").metadata.name }}"
  missing: "{{ lookup "v1" "ConfigMap" .Release.Namespace "not-there" | empty }}"
  kept: {{ (lookup "v1" "Secret" .Release.Namespace (printf "%s-kept" .Release.Name)).metadata | default dict | dig "name" "new" }}
  version: "{{ .Capabilities.KubeVersion.Minor }} {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" }} {{ .Capabilities.APIVersions.Has "none.example.com/v1" }}"
---
apiVersion: v1
kind: Secret
metadata: { name: {{ .Release.Name }}-kept, annotations: { helm.sh/resource-policy: keep } }
---
apiVersion: helm.example.com/v1
kind: Boat
metadata: { name: {{ .Release.Name }}-boat }
spec: { size: {{ if .Values.broken }}0{{ else }}3{{ end }} }
`,
  'templates/hooks.yaml': [
    hook('second', 'pre-install,pre-upgrade', 'before-hook-creation', 5), hook('first', 'pre-install', 'before-hook-creation', -5), hook('passing', 'post-install,post-upgrade,post-rollback', 'hook-succeeded', 0),
    hook('last', 'post-delete', 'before-hook-creation', 0), hook('check', 'test', 'before-hook-creation', 0),
  ].join('---\n'),
  'templates/NOTES.txt': 'There are {{ .Values.replicas }} replicas.\n',
}

const directory = mkdtempSync(join(tmpdir(), 'lotse-helm-'))
const chart = join(directory, 'chart')
let cluster: TestCluster | undefined

before(() => {
  assert.ok(installClients(), 'the clients could not be installed')
  for (const [file, text] of Object.entries(CHART)) {
    mkdirSync(dirname(join(chart, file)), { recursive: true })
    writeFileSync(join(chart, file), text)
  }
  cluster = startCluster('helm', '--nodes', '0')
})
after(() => {
  cluster?.remove()
  rmSync(directory, { recursive: true, force: true })
})

function run(...parameters: string[]): Ran {
  const home = { HELM_CACHE_HOME: directory, HELM_CONFIG_HOME: directory, HELM_DATA_HOME: directory }
  const { status, stdout, stderr } = spawnSync(clientPath('helm'), parameters, { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...home, KUBECONFIG: cluster?.kubeconfig } })
  return { code: status ?? -1, stdout, stderr }
}

function helm(...parameters: string[]): string {
  const { code, stdout, stderr } = run(...parameters)
  assert.equal(code, 0, `helm ${parameters.join(' ')}: ${stderr}${stdout}`)
  return stdout
}

function refused(...parameters: string[]): string {
  const { code, stdout, stderr } = run(...parameters)
  assert.equal(code, 1, `helm ${parameters.join(' ')}: ${stderr}${stdout}`)
  return stderr
}

function kubectl(...parameters: string[]): string {
  return cluster?.kubectl(...parameters) ?? ''
}

function history(release: string): { revision: number; status: string; description: string }[] {
  return JSON.parse(helm('history', release, '--output', 'json')) as { revision: number; status: string; description: string }[]
}

/** Name and revision of the hooks that are there. */
function hooks(): string {
  return kubectl('get', 'configmaps', '-l', 'hook', '-o', 'jsonpath={range .items[*]}{.metadata.name}={.data.revision} {end}').trim()
}

const REPLICAS = ['get', 'deployment', 'shop-web', '-o', 'jsonpath={.spec.replicas}'] as const

test('install: hooks before and after, look-ups, kinds of its own, server-side apply', () => {
  assert.match(helm('install', 'shop', chart), /STATUS: deployed\nREVISION: 1[\s\S]*There are 2 replicas\./)
  assert.equal(kubectl(...REPLICAS), '2')
  assert.deepEqual(JSON.parse(kubectl('get', 'configmap', 'shop-settings', '-o', 'jsonpath={.data}')), { found: 'default', missing: 'true', kept: 'new', version: '32 true false' })
  assert.match(kubectl('get', 'deployment', 'shop-web', '-o', 'yaml', '--show-managed-fields'), /manager: helm\n\s+operation: Apply/)
  assert.deepEqual(JSON.parse(kubectl('get', 'configmap', 'shop-harbour', '-o', 'jsonpath={.data}')), { depth: '7', owner: 'ann' })
  assert.equal(kubectl('get', 'boat', 'shop-boat', '-o', 'jsonpath={.spec.size}'), '3')
  // "passing" succeeded and was deleted; the lighter hook came first.
  assert.equal(hooks(), 'shop-first=1 shop-second=1')
  const made = (name: string): number => Number(kubectl('get', 'configmap', name, '-o', 'jsonpath={.metadata.resourceVersion}'))
  assert.ok(made('shop-first') < made('shop-second') && made('shop-second') < made('shop-settings'))
  assert.equal(kubectl('get', 'secrets', '-l', 'owner=helm,name=shop', '-o', 'jsonpath={range .items[*]}{.metadata.name} {.type} {.metadata.labels.status}{end}'), 'sh.helm.release.v1.shop.v1 helm.sh/release.v1 deployed')
  assert.match(refused('install', 'shop', chart), /cannot (re-use|reuse) a name that is still in use/)
})

test('list, status, get and test', () => {
  const [release] = JSON.parse(helm('list', '--output', 'json')) as { name: string; revision: string; status: string; chart: string; app_version: string }[]
  assert.deepEqual([release?.name, release?.revision, release?.status, release?.chart, release?.app_version], ['shop', '1', 'deployed', 'web-0.1.0', '7'])
  assert.match(helm('status', 'shop'), /NAME: shop[\s\S]*NAMESPACE: default\nSTATUS: deployed\nREVISION: 1/)
  assert.match(helm('get', 'manifest', 'shop'), /kind: Boat\nmetadata: \{ name: shop-boat \}/)
  assert.match(helm('get', 'hooks', 'shop'), /name: shop-first/)
  assert.match(helm('get', 'values', 'shop', '--all'), /replicas: 2/)
  assert.match(helm('test', 'shop'), /TEST SUITE: +shop-check[\s\S]*Phase: +Succeeded/)
  assert.match(hooks(), /shop-check=1/)
})

test('upgrade, its dry run, and what stands in its way', () => {
  assert.match(helm('upgrade', 'shop', chart, '--set', 'replicas=5,harbour.enabled=false'), /REVISION: 2/)
  assert.equal(kubectl('get', 'configmaps', '--field-selector', 'metadata.name=shop-harbour', '-o', 'name').trim(), '', 'a subchart that is switched off is taken away')
  assert.equal(kubectl(...REPLICAS), '5')
  assert.equal(kubectl('get', 'configmap', 'shop-settings', '-o', 'jsonpath={.data.kept}'), 'shop-kept')
  assert.match(hooks(), /shop-first=1 shop-second=2/)
  assert.match(helm('upgrade', 'shop', chart, '--set', 'replicas=9', '--dry-run=server'), /replicas: 9/)
  assert.equal(kubectl(...REPLICAS), '5')
  assert.match(refused('upgrade', 'shop', chart, '--set', 'replicas=-1'), /minimum/)
  // Somebody else took the field over: server-side apply says so.
  kubectl('scale', 'deployment', 'shop-web', '--replicas=4')
  assert.match(refused('upgrade', 'shop', chart, '--set', 'replicas=6'), /conflict with "kubectl-1.32" with subresource "scale"[\s\S]*\.spec\.replicas/)
  assert.match(helm('upgrade', 'shop', chart, '--set', 'replicas=6', '--force-conflicts'), /REVISION: 4/)
  assert.equal(kubectl(...REPLICAS), '6')
  assert.deepEqual(history('shop').map(({ status }) => status), ['superseded', 'superseded', 'failed', 'deployed'])
})

test('what the server refuses fails the release, and it can be rolled back', () => {
  assert.match(refused('upgrade', 'shop', chart, '--set', 'broken=true'), /Boat.*shop-boat.*invalid[\s\S]*spec\.size/)
  assert.equal(history('shop').at(-1)?.status, 'failed')
  assert.match(refused('upgrade', 'shop', chart, '--set', 'broken=true', '--rollback-on-failure', '--timeout', '5s'), /spec\.size/)
  assert.match(helm('rollback', 'shop', '1', '--force-conflicts'), /Rollback was a success/)
  assert.equal(kubectl(...REPLICAS), '2')
  const last = history('shop').at(-1)
  assert.deepEqual([last?.status, last?.description], ['deployed', 'Rollback to 1'])
  assert.match(refused('rollback', 'shop', '77'), /release has no 77 version/)
})

test('applied on the client as Helm 3 did, and waited for', () => {
  assert.match(helm('install', 'old', chart, '--server-side=false', '--set', 'replicas=0', '--wait', '--timeout', '20s', '--skip-crds'), /STATUS: deployed/)
  assert.match(kubectl('get', 'deployment', 'old-web', '-o', 'yaml', '--show-managed-fields'), /manager: helm\n\s+operation: Update/)
  assert.match(helm('upgrade', 'old', chart, '--server-side=true', '--set', 'replicas=0', '--force-conflicts'), /REVISION: 2/)
  assert.match(kubectl('get', 'deployment', 'old-web', '-o', 'yaml', '--show-managed-fields'), /manager: helm\n\s+operation: Apply/)
  assert.match(helm('uninstall', 'old', '--keep-history'), /release "old" uninstalled/)
  assert.equal(history('old').at(-1)?.status, 'uninstalled')
  assert.match(helm('uninstall', 'old'), /uninstalled/)
})

test('a namespace that the release makes, and a release that never was', () => {
  assert.match(helm('upgrade', '--install', 'far', chart, '--namespace', 'harbour', '--create-namespace', '--set', 'replicas=0'), /NAMESPACE: harbour/)
  assert.match(helm('list', '--all-namespaces', '--short'), /^far\nshop\n$/)
  helm('uninstall', 'far', '--namespace', 'harbour')
  assert.match(refused('status', 'nothing'), /release: not found/)
  assert.match(helm('template', 'dry', chart, '--validate', '--api-versions', 'x/v1'), /name: dry-web/)
})

test('uninstall leaves what it was told to keep, and the kinds', () => {
  assert.match(helm('uninstall', 'shop', '--wait'), /kept due to the resource policy[\s\S]*shop-kept/)
  assert.equal(kubectl('get', 'deployments,boats', '-o', 'name').trim(), '')
  assert.equal(kubectl('get', 'secrets', '-o', 'name').trim(), 'secret/old-kept\nsecret/shop-kept')
  assert.match(hooks(), /shop-last=/)
  assert.equal(kubectl('get', 'crd', 'boats.helm.example.com', '-o', 'name').trim(), 'customresourcedefinition.apiextensions.k8s.io/boats.helm.example.com')
})
