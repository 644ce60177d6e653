import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildImage } from './oci-image.ts'
import { ociLayer } from './oci-layer.ts'
import type { LayerEntry } from './oci-layer.ts'
import { pauseImage } from './pause-image.ts'
import { pauseProgram } from './pause-program.ts'

const file = (path: string, text: string): LayerEntry => ({ type: 'file', path, mode: 0o644, content: Buffer.from(text) })

test('a layer depends on its entries alone, not on their order', async () => {
  const entries: LayerEntry[] = [file('b/c', 'x'), file('a', 'y'), { type: 'symlink', path: 'l', target: 'a' }, { type: 'directory', path: 'd', mode: 0o700 }]
  const one = await ociLayer(entries)
  assert.equal(one.digest, (await ociLayer([...entries].reverse())).digest)
  assert.notEqual(one.digest, (await ociLayer([...entries, file('e', '')])).digest)
})

test('paths that leave the image are refused', async () => {
  for (const path of ['/etc/passwd', '../x', 'a/../b', 'a//b', 'a/', '', './a']) await assert.rejects(ociLayer([file(path, '')]), /is no path of a layer/)
})

test('the pause image is the same everywhere, for ever: its name may be kept', async () => {
  const check = async (architecture: 'amd64' | 'arm64', digest: string): Promise<void> => {
    assert.equal((await pauseImage(architecture)).manifest.digest, digest)
  }
  await check('amd64', 'sha256:45d61abd7f4eec380c522d6aa653102eb71e29752ee0521733360275074216ac')
  await check('arm64', 'sha256:c0513dab5bbff7ca1803cc5ad41305c910f9b1ba6aefae7a9c8b06f554402af0')
  assert.equal(pauseProgram('amd64').length, 184)
  assert.equal(pauseProgram('arm64').length, 208)
})

test('a configuration says only what was given', async () => {
  const image = await buildImage('amd64', { command: ['/x'], exposedPorts: ['80/tcp'] }, [[file('x', '')]])
  const config = JSON.parse(Buffer.from(image.config.bytes).toString()) as { config: object; rootfs: { diff_ids: string[] } }
  assert.deepEqual(Object.keys(config.config), ['ExposedPorts', 'Env', 'Cmd'])
  assert.deepEqual(config.rootfs.diff_ids, [image.layers[0]?.digest])
})
