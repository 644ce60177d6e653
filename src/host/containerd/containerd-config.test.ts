import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerdConfig, registryHostConfig } from './containerd-config.ts'
import { containerdPaths } from './containerd-paths.ts'
import { chooseRuntime } from './runtime-choice.ts'

test('the configuration names only paths of the cluster', () => {
  const paths = containerdPaths('/var/lib/lotse/a', '/run/lotse/a')
  const text = containerdConfig({
    paths, pauseImage: 'lotse.local/pause:1', pluginsDirectory: '/usr/lib/cni', defaultRuntime: 'runc', runtimes: { runc: '/usr/sbin/runc', crun: undefined }, appArmor: false,
  })
  const quoted = Array.from(text.matchAll(/"(\/[^"]*)"/g), (match) => match[1] ?? '').filter((path) => !path.startsWith('/var/lib/lotse/a/') && !path.startsWith('/run/lotse/a/'))
  assert.deepEqual(quoted, ['/usr/lib/cni', '/usr/sbin/runc'])
  for (const line of ['version = 2', 'disable_apparmor = true', 'restrict_oom_score_adj = true', 'default_runtime_name = "runc"']) assert.ok(text.includes(line), line)
  assert.ok(!text.includes('crun'))
})

test('a path that is too long for a socket is refused', () => {
  assert.throws(() => containerdPaths('/data', `/run/${'x'.repeat(100)}`), /too long for a unix socket/)
})

test('a registry is asked over http only where it is said', () => {
  assert.equal(registryHostConfig({ host: '127.0.0.1:5000', plainHttp: true }),
    'server = "http://127.0.0.1:5000"\n\n[host."http://127.0.0.1:5000"]\n  capabilities = ["pull", "resolve"]\n')
  assert.match(registryHostConfig({ host: 'example.test', plainHttp: false }), /^server = "https:\/\/example\.test"\n/)
})

test('crun where it works', () => {
  const find = (names: readonly string[]) => (program: string) => (names.includes(program) ? `/usr/bin/${program}` : undefined)
  const check = (names: readonly string[], layout: 'v1' | 'v2' | 'hybrid', expected: string): void => {
    assert.equal(chooseRuntime(layout, find(names)).defaultRuntime, expected)
  }
  check(['runc', 'crun'], 'v2', 'crun')
  check(['runc', 'crun'], 'v1', 'crun')
  check(['runc', 'crun'], 'hybrid', 'runc')
  check(['runc'], 'v2', 'runc')
  check(['crun'], 'v2', 'crun')
  assert.throws(() => chooseRuntime('hybrid', find(['crun'])), /apt-get install runc/)
  assert.throws(() => chooseRuntime('v2', find([])), /crun is not installed either/)
})
