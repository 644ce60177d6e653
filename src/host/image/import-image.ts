import { setTimeout as delay } from 'node:timers/promises'
import type { CriClient } from '../cri/cri-client.ts'
import { mustRun } from '../run-command.ts'
import { imageArchive } from './oci-image.ts'
import type { OciImage } from './oci-image.ts'

const IMPORT_TIMEOUT_MS = 120_000
const SEEN_TIMEOUT_MS = 5000

/** Brings an image into containerd under the given names, unless it has exactly this image under them. True: it was imported. */
export async function importImage(
  client: CriClient, socket: string, image: OciImage, names: readonly string[], signal: AbortSignal,
): Promise<boolean> {
  if (await hasAll(client, image, names)) return false
  const archive = imageArchive(image, names)
  const parameters = ['--address', socket, '--namespace', 'k8s.io', 'images', 'import', '-']
  await mustRun('ctr', parameters, { input: archive, timeoutMs: IMPORT_TIMEOUT_MS, signal })
  // The CRI part of containerd learns of the image by an event, a moment later.
  const deadline = performance.now() + SEEN_TIMEOUT_MS
  while (!(await hasAll(client, image, names))) {
    signal.throwIfAborted()
    if (performance.now() > deadline) throw new Error(`containerd imported ${names.join(', ')} but does not list it`)
    await delay(10)
  }
  return true
}

/** An image's id is the digest of its configuration. */
async function hasAll(client: CriClient, image: OciImage, names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    const answer = await client.imageStatus({ image: { image: name } })
    if (answer.image?.id !== image.config.digest) return false
  }
  return true
}
