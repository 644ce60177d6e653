import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { isMounted, mountsBelow, unmountBelow } from '../../src/host/volumes/mount-table.ts'
import { createVolumeHost } from '../../src/host/volumes/volume-host.ts'
import type { SubPathRequest, VolumeHost } from '../../src/node/volumes/volume-host.ts'
import { utf8 } from '../../src/words/bytes.ts'

const skip = process.getuid?.() === 0 ? false : 'mounting needs root'

interface Bed {
  readonly root: string
  readonly host: VolumeHost
}

async function bed(t: TestContext): Promise<Bed> {
  const root = await mkdtemp(join(tmpdir(), 'lotse-volumes-'))
  t.after(async () => {
    await unmountBelow(root)
    await rm(root, { recursive: true, force: true })
  })
  const resolverPath = join(root, 'resolv.conf')
  await writeFile(resolverPath, 'domain x\nsearch a. b\nnameserver 192.0.2.1\noptions ndots:2 rotate\n')
  return { root, host: createVolumeHost({ podsDirectory: join(root, 'pods'), resolverPath }) }
}

async function modeOf(path: string): Promise<string> {
  const { mode, gid } = await stat(path)
  return `${(mode & 0o7777).toString(8)} gid ${gid}`
}

test('empty volumes: on disk, in memory with a limit, owned by the pod\'s group', { skip }, async (t) => {
  const { host } = await bed(t)
  const disk = await host.setUp('u', { type: 'directory', name: 'd', groupId: undefined })
  assert.equal(await modeOf(disk), '777 gid 0')
  await writeFile(join(disk, 'kept'), 'x')
  await host.setUp('u', { type: 'directory', name: 'd', groupId: undefined })
  assert.equal(await readFile(join(disk, 'kept'), 'utf8'), 'x')
  const memory = await host.setUp('u', { type: 'memory', name: 'm', groupId: 2000, sizeLimitBytes: 1_048_576 })
  assert.equal(await modeOf(memory), '2777 gid 2000')
  assert.equal(await isMounted(memory), true)
  await assert.rejects(writeFile(join(memory, 'big'), Buffer.alloc(2_000_000)), { code: 'ENOSPC' })
  await host.setUp('u', { type: 'memory', name: 'm', groupId: 2000, sizeLimitBytes: 1_048_576 })
  assert.equal((await mountsBelow(memory)).length, 1)
})

test('secret files live in memory, belong to the group and change in place', { skip }, async (t) => {
  const { host } = await bed(t)
  const plan = (text: string) => ({ type: 'files', name: 's', groupId: 2000, secret: true, files: [{ path: 'token', content: utf8(text), mode: 0o600, userId: 1000 }] }) as const
  const path = await host.setUp('u', plan('one'))
  assert.equal(await isMounted(path), true)
  assert.equal(await modeOf(join(path, 'token')), '640 gid 2000')
  assert.equal((await stat(join(path, 'token'))).uid, 1000)
  await host.setUp('u', plan('two'))
  assert.equal(await readFile(join(path, 'token'), 'utf8'), 'two')
  assert.equal((await mountsBelow(path)).length, 1)
})

test('tearing down unmounts and removes volumes only; removing the pod removes all', { skip }, async (t) => {
  const { root, host } = await bed(t)
  const logs = join(root, 'logs')
  await mkdir(logs)
  await host.setUp('u', { type: 'memory', name: 'm', groupId: undefined, sizeLimitBytes: undefined })
  const hosts = await host.writePodFile('u', 'etc-hosts', '127.0.0.1\tlocalhost\n')
  const message = await host.terminationFile('u', 'web', 0)
  assert.equal(await modeOf(message), '666 gid 0')
  await host.tearDown('u')
  assert.deepEqual(await mountsBelow(root), [])
  assert.equal(await readFile(hosts, 'utf8'), '127.0.0.1\tlocalhost\n')
  assert.deepEqual(await host.podUids(), ['u'])
  await host.removePod('u', logs)
  await host.removePod('u', logs)
  assert.deepEqual(await host.podUids(), [])
  assert.deepEqual((await readdir(root)).sort(), ['pods', 'resolv.conf'])
})

test('sub paths: made where missing, bound where they are, never outside of the volume', { skip }, async (t) => {
  const { root, host } = await bed(t)
  const volumePath = await host.setUp('u', { type: 'directory', name: 'd', groupId: undefined })
  let index = 0
  const request = (subPath: string): SubPathRequest => ({ volume: 'd', container: 'web', index: index++, volumePath, subPath, groupId: undefined })
  const made = await host.subPath('u', request('a/b'))
  await writeFile(join(made, 'x'), '1')
  assert.equal(await readFile(join(volumePath, 'a/b/x'), 'utf8'), '1')
  const single = await host.subPath('u', request('a/b/x'))
  assert.equal(await readFile(single, 'utf8'), '1')
  await symlink('a', join(volumePath, 'inside'))
  assert.equal(await readFile(join(await host.subPath('u', request('inside/b')), 'x'), 'utf8'), '1')
  await mkdir(join(root, 'outside'))
  await symlink(join(root, 'outside'), join(volumePath, 'out'))
  await symlink('../../../../outside', join(volumePath, 'up'))
  for (const subPath of ['out', 'up', 'out/new', '../d', 'a/../../..']) await assert.rejects(host.subPath('u', request(subPath)), /leads out of its volume|must not contain/, subPath)
  assert.deepEqual(await readdir(join(root, 'outside')), [])
  await host.tearDown('u')
  assert.deepEqual(await mountsBelow(root), [])
})

test('host paths are checked by type', { skip }, async (t) => {
  const { root, host } = await bed(t)
  const plan = (path: string, check: 'Directory' | 'File' | 'DirectoryOrCreate' | 'FileOrCreate' | 'Socket' | '') => host.setUp('u', { type: 'host-path', name: 'h', path: join(root, path), check })
  await writeFile(join(root, 'file'), '')
  await chmod(join(root, 'file'), 0o600)
  assert.equal(await plan('file', 'File'), join(root, 'file'))
  assert.equal(await plan('made', 'DirectoryOrCreate'), join(root, 'made'))
  await plan('touched', 'FileOrCreate')
  await assert.rejects(plan('file', 'Directory'), /hostPath type check failed: .*file is not a directory/)
  await assert.rejects(plan('none', 'File'), /hostPath type check failed: .*none is not a file/)
  await assert.rejects(plan('file', 'Socket'), /is not a socket file/)
})

test('the host\'s resolver', { skip }, async (t) => {
  const { host } = await bed(t)
  assert.deepEqual(await host.hostResolver(), { servers: ['192.0.2.1'], searches: ['a', 'b'], options: ['ndots:2', 'rotate'] })
})
