import { utf8 } from '../../words/bytes.ts'
import { ociBlob, ociLayer } from './oci-layer.ts'
import type { LayerEntry, OciBlob } from './oci-layer.ts'
import type { Architecture } from './pause-program.ts'
import { tarOf } from './tar.ts'

/** What the containers of an image run, unless their pod says otherwise. */
export interface ImageConfig {
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: readonly string[]
  readonly workingDirectory?: string
  /** A name, a number, or user:group. */
  readonly user?: string
  /** 80/tcp */
  readonly exposedPorts?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
}

export interface OciImage {
  readonly manifest: OciBlob
  readonly config: OciBlob
  readonly layers: readonly OciBlob[]
}

/** Layers are given as their entries, lowest first. The same input gives the same digest, on every machine. */
export function buildImage(architecture: Architecture, config: ImageConfig, layers: readonly (readonly LayerEntry[])[]): OciImage {
  const blobs = layers.map(ociLayer)
  const configBlob = ociBlob('application/vnd.oci.image.config.v1+json', json(imageConfigDocument(architecture, config, blobs)))
  const manifest = ociBlob('application/vnd.oci.image.manifest.v1+json', json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor(configBlob),
    layers: blobs.map(descriptor),
  }))
  return { manifest, config: configBlob, layers: blobs }
}

/** A tar of an OCI image layout: what `ctr images import` and other tools read. names: example.test/web:1 */
export function imageArchive(image: OciImage, names: readonly string[]): Uint8Array {
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: names.map((name) => ({ ...descriptor(image.manifest), annotations: { 'io.containerd.image.name': name } })),
  }
  const blobs = [...new Map([image.manifest, image.config, ...image.layers].map((blob) => [blob.digest, blob])).values()]
  return tarOf([
    file('oci-layout', utf8('{"imageLayoutVersion":"1.0.0"}')),
    file('index.json', json(index)),
    ...blobs.map((blob) => file(`blobs/${blob.digest.replace(':', '/')}`, blob.bytes)),
  ])
}

/** The architecture of this machine. */
export function machineArchitecture(): Architecture {
  if (process.arch === 'x64') return 'amd64'
  if (process.arch === 'arm64') return 'arm64'
  throw new Error(`Containers on ${process.arch} are not supported: only on amd64 and arm64`)
}

function imageConfigDocument(architecture: Architecture, config: ImageConfig, layers: readonly OciBlob[]) {
  return {
    created: '1970-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: {
      ...(config.user === undefined ? {} : { User: config.user }),
      ...(config.exposedPorts === undefined ? {} : { ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])) }),
      Env: config.environment ?? ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ...(config.entrypoint === undefined ? {} : { Entrypoint: config.entrypoint }),
      ...(config.command === undefined ? {} : { Cmd: config.command }),
      ...(config.workingDirectory === undefined ? {} : { WorkingDir: config.workingDirectory }),
      ...(config.labels === undefined ? {} : { Labels: config.labels }),
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
    history: layers.map(() => ({ created: '1970-01-01T00:00:00Z' })),
  }
}

function descriptor(blob: OciBlob) {
  return { mediaType: blob.mediaType, digest: blob.digest, size: blob.bytes.length }
}

function json(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value))
}

function file(path: string, content: Uint8Array): LayerEntry {
  return { type: 'file', path, mode: 0o644, content }
}
