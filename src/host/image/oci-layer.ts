import { createHash } from 'node:crypto'
import { tarOf } from './tar.ts'

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

/** Bytes with the digest that names them. */
export function ociBlob(mediaType: string, bytes: Uint8Array): OciBlob {
  return { mediaType, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes }
}

/**
 * A layer that depends on nothing but its entries: sorted, with parent directories, owner 0 and the time 0 throughout. It is
 * not compressed, because compressors differ between versions, and the way over loopback is short.
 */
export function ociLayer(entries: readonly LayerEntry[]): OciBlob {
  const byPath = new Map<string, LayerEntry>()
  for (const entry of entries) {
    assertRelative(entry.path)
    for (const parent of parentsOf(entry.path)) {
      if (!byPath.has(parent)) byPath.set(parent, { type: 'directory', path: parent, mode: 0o755 })
    }
    byPath.set(entry.path, entry)
  }
  const sorted = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  return ociBlob('application/vnd.oci.image.layer.v1.tar', tarOf(sorted))
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
