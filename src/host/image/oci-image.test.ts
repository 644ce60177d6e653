import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildImage } from './oci-image.ts'
import { ociLayer } from './oci-layer.ts'
import type { LayerEntry } from './oci-layer.ts'
import { pauseImage } from './pause-image.ts'
import { pauseProgram } from './pause-program.ts'

const file = (path: string, text: string): LayerEntry => ({ type: 'file', path, mode: 0o644, content: Buffer.from(text) })

test('a layer depends on its entries alone, not on their order', () => {
  const entries: LayerEntry[] = [file('b/c', 'x'), file('a', 'y'), { type: 'symlink', path: 'l', target: 'a' }, { type: 'directory', path: 'd', mode: 0o700 }]
  const one = ociLayer(entries)
  assert.equal(one.digest, ociLayer([...entries].reverse()).digest)
  assert.notEqual(one.digest, ociLayer([...entries, file('e', '')]).digest)
})

test('paths that leave the image are refused', () => {
  for (const path of ['/etc/passwd', '../x', 'a/../b', 'a//b', 'a/', '', './a']) assert.throws(() => ociLayer([file(path, '')]), /is no path of a layer/)
})

test('the pause image is the same everywhere, for ever: its name may be kept', () => {
  const check = (architecture: 'amd64' | 'arm64', digest: string): void => {
    assert.equal(pauseImage(architecture).manifest.digest, digest)
  }
  check('amd64', 'sha256:96d7a9af9afe825710eafa8c87f8be3e7dad5c462ffc07ba7a67f8b04944dfed')
  check('arm64', 'sha256:60bbe1a4dc4f4eea2948125392ce7023a2f67021603613331fec461b39d38519')
  assert.equal(pauseProgram('amd64').length, 184)
  assert.equal(pauseProgram('arm64').length, 208)
})

test('a configuration says only what was given', () => {
  const image = buildImage('amd64', { command: ['/x'], exposedPorts: ['80/tcp'] }, [[file('x', '')]])
  const config = JSON.parse(Buffer.from(image.config.bytes).toString()) as { config: object; rootfs: { diff_ids: string[] } }
  assert.deepEqual(Object.keys(config.config), ['ExposedPorts', 'Env', 'Cmd'])
  assert.deepEqual(config.rootfs.diff_ids, [image.layers[0]?.digest])
})
