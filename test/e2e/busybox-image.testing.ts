/** A small image for tests, out of Debian's busybox-static: shell, tar, httpd, nc, wget under their usual names. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { containerdPaths } from '../../src/host/containerd/containerd-paths.ts'
import { openCriClient } from '../../src/host/cri/cri-client.ts'
import { importImage } from '../../src/host/image/import-image.ts'
import { buildImage, machineArchitecture, type OciImage } from '../../src/host/image/oci-image.ts'
import type { LayerEntry } from '../../src/host/image/oci-layer.ts'
import { clusterPaths } from '../../src/programs/cluster-paths.ts'
import { loadConfig } from '../../src/cli/cluster-config.ts'
import { ensurePackages } from '../../src/host/debian-packages.ts'

export const BUSYBOX_IMAGE = 'lotse.local/busybox:1'
const BINARY = '/bin/busybox'

async function busyboxImage(): Promise<OciImage> {
  await ensurePackages([{ package: 'busybox-static', provides: [BINARY] }], { onProgress() {}, signal: new AbortController().signal })
  const applets = spawnSync(BINARY, ['--list'], { encoding: 'utf8' }).stdout.split('\n').filter((name) => /^[a-z0-9[]+$/.test(name) && name !== 'busybox')
  const entries: LayerEntry[] = [
    ...['bin', 'etc', 'root', 'usr'].map((path): LayerEntry => ({ type: 'directory', path, mode: 0o755 })),
    { type: 'directory', path: 'tmp', mode: 0o1777 },
    { type: 'file', path: 'bin/busybox', mode: 0o755, content: { hostPath: BINARY } },
    { type: 'file', path: 'etc/passwd', mode: 0o644, content: Buffer.from('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n') },
    { type: 'file', path: 'etc/group', mode: 0o644, content: Buffer.from('root:x:0:\nnogroup:x:65534:\n') },
    ...applets.map((name): LayerEntry => ({ type: 'symlink', path: `bin/${name}`, target: 'busybox' })),
  ]
  return await buildImage(machineArchitecture(), { command: ['sh'], environment: ['PATH=/bin'] }, [entries])
}

/** Brings the image into the containerd of a cluster's node. */
export async function importBusybox(dataDirectory: string): Promise<void> {
  const config = loadConfig(dataDirectory)
  if (config === undefined || !existsSync(join(dataDirectory, 'node'))) throw new Error(`there is no node in ${dataDirectory}`)
  const paths = clusterPaths(config)
  const { socket } = containerdPaths(paths.nodeDirectory, paths.runDirectory)
  const client = openCriClient(socket)
  try {
    await importImage(client, socket, await busyboxImage(), [BUSYBOX_IMAGE], new AbortController().signal)
  } finally {
    client.close()
  }
}
