import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pack } from 'tar-stream'
import type { Header, Pack } from 'tar-stream'

/** One entry of an image layer. Paths are relative to the image's root, without a leading slash. */
export type LayerEntry =
  | { readonly type: 'directory'; readonly path: string; readonly mode: number; readonly userId?: number; readonly groupId?: number }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
  | {
    readonly type: 'file'
    readonly path: string
    readonly mode: number
    /** The bytes, or the file of this machine that has them. */
    readonly content: Uint8Array | { readonly hostPath: string }
    readonly userId?: number
    readonly groupId?: number
  }

export interface OciBlob {
  readonly mediaType: string
  /** sha256:... */
  readonly digest: string
  readonly bytes: Uint8Array
}

export function ociBlob(mediaType: string, bytes: Uint8Array): OciBlob {
  return { mediaType, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes }
}

/**
 * A layer that depends on nothing but its entries: sorted, with parent directories, owner 0 and the time 0 throughout. It is
 * not compressed, because compressors differ between versions, and the way over loopback is short.
 */
export async function ociLayer(entries: readonly LayerEntry[]): Promise<OciBlob> {
  const byPath = new Map<string, LayerEntry>()
  for (const entry of entries) {
    assertRelative(entry.path)
    for (const parent of parentsOf(entry.path)) {
      if (!byPath.has(parent)) byPath.set(parent, { type: 'directory', path: parent, mode: 0o755 })
    }
    byPath.set(entry.path, entry)
  }
  const sorted = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  return ociBlob('application/vnd.oci.image.layer.v1.tar', await tarOf(sorted))
}

/** A tar archive of entries in their given order. */
export async function tarOf(entries: Iterable<LayerEntry>): Promise<Uint8Array> {
  const archive = pack()
  const chunks: Buffer[] = []
  const reading = (async () => {
    for await (const chunk of archive) chunks.push(chunk as Buffer)
  })()
  for (const entry of entries) await addEntry(archive, entry)
  archive.finalize()
  await reading
  return Buffer.concat(chunks)
}

function addEntry(archive: Pack, entry: LayerEntry): Promise<void> {
  const base = { name: entry.path, mtime: new Date(0) }
  if (entry.type === 'symlink') return put(archive, { ...base, type: 'symlink', linkname: entry.target, mode: 0o777 }, undefined)
  const owned = { ...base, mode: entry.mode, uid: entry.userId ?? 0, gid: entry.groupId ?? 0 }
  if (entry.type === 'directory') return put(archive, { ...owned, type: 'directory' }, undefined)
  const bytes = entry.content instanceof Uint8Array ? entry.content : readFileSync(entry.content.hostPath)
  return put(archive, { ...owned, type: 'file', size: bytes.length }, bytes)
}

function put(archive: Pack, headers: Partial<Header> & Pick<Header, 'name'>, bytes: Uint8Array | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve())
    if (bytes === undefined) archive.entry(headers, done)
    else archive.entry(headers, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), done)
  })
}

/** usr/lib/x gives usr and usr/lib. */
function parentsOf(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

function assertRelative(path: string): void {
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new Error(`${path} is no path of a layer: it must be relative, without empty parts and dots`)
  }
}
