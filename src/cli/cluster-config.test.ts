import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkName, claimIndex, configPath, defaultDataDirectory, loadConfig, newConfig, portsOf, releaseIndex, saveConfig } from './cluster-config.ts'
import { UsageError } from './errors.ts'

function inDirectory(run: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-config-'))
  try {
    run(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const wanted = { name: 'a', port: 6443, nodes: 1, nodeName: 'n', index: 0 } as const

test('names', () => {
  for (const good of ['a', 'default', 'a-1', 'a'.repeat(32)]) assert.equal(checkName(good), good)
  for (const bad of ['', 'A', '-a', 'a-', 'a_b', 'a.b', 'a/b', 'a'.repeat(33)]) assert.throws(() => checkName(bad), UsageError)
})

test('no two clusters of a machine share an address, a port range or a name in the kernel', () => {
  const configs = Array.from({ length: 9 }, (_, index) => newConfig({ ...wanted, dataDirectory: '/d', index }))
  for (const field of ['podCidr', 'serviceCidr', 'apiServiceAddress', 'dnsServiceAddress'] as const) {
    assert.equal(new Set(configs.map((config) => config[field])).size, configs.length, field)
  }
  for (const [index, { nodePorts }] of configs.entries()) {
    assert.ok(nodePorts.first > 1024)
    const next = configs[index + 1]
    if (next !== undefined) assert.ok(next.nodePorts.last < nodePorts.first)
  }
  assert.deepEqual(configs[0]?.nodePorts, { first: 30000, last: 32767 })
  const ports = configs.flatMap(({ index }) => portsOf(index))
  assert.equal(new Set(ports).size, ports.length)
  assert.deepEqual([portsOf(0).slice(0, 3), portsOf(1)[0]], [[6443, 6459, 6475], 6444])
})

test('a control plane alone listens on loopback only', () => {
  assert.equal(newConfig({ ...wanted, nodes: 0, dataDirectory: '/d' }).listenAddress, '127.0.0.1')
})

test('written and read again, also after a move', () => inDirectory((directory) => {
  assert.equal(loadConfig(directory), undefined)
  saveConfig({ ...newConfig({ ...wanted, dataDirectory: directory }) })
  assert.equal(loadConfig(directory)?.port, 6443)
  writeFileSync(configPath(directory), '{ torn')
  assert.throws(() => loadConfig(directory), /cannot be read.*down --purge/s)
}))

test('each cluster keeps its index; the lowest free one is given', () => inDirectory((directory) => {
  assert.deepEqual(['/a', '/b', '/a', '/c'].map((data) => claimIndex(directory, data)), [0, 1, 0, 2])
  // Listed, and gone when it is read: another cluster was removed in between.
  symlinkSync(join(directory, 'gone'), join(directory, '7'))
  releaseIndex(directory, '/b')
  assert.equal(claimIndex(directory, '/d'), 1)
}))

test('where data goes', () => {
  assert.equal(defaultDataDirectory('a', {}, true), '/var/lib/lotse/a')
  assert.equal(defaultDataDirectory('a', { XDG_DATA_HOME: '/x' }, false), '/x/lotse/a')
})
