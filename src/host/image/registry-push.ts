import { request } from '../node-http.ts'
import type { OciImage } from './oci-image.ts'
import type { OciBlob } from './oci-layer.ts'

export interface PushTarget {
  /** host:port on loopback: nothing here encrypts or authenticates. */
  readonly host: string
  /** guestbook/web */
  readonly repository: string
  readonly tag: string
}

const CALL_TIMEOUT_MS = 60_000
const ANSWER_LIMIT_BYTES = 64 * 1024

/** Pushes by the OCI distribution API what the registry does not have yet. Answers the manifest's digest. */
export async function pushImage(image: OciImage, target: PushTarget, signal: AbortSignal): Promise<string> {
  assertTarget(target)
  for (const blob of [image.config, ...image.layers]) await pushBlob(blob, target, signal)
  const path = `/v2/${target.repository}/manifests/${target.tag}`
  const answer = await call(target, { method: 'PUT', path, contentType: image.manifest.mediaType, body: image.manifest.bytes }, signal)
  if (answer.status !== 201) throw refused(target, 'the manifest', answer)
  return image.manifest.digest
}

/** The registry has exactly this image under this tag. */
export async function hasImage(image: OciImage, target: PushTarget, signal: AbortSignal): Promise<boolean> {
  assertTarget(target)
  const path = `/v2/${target.repository}/manifests/${target.tag}`
  const answer = await call(target, { method: 'HEAD', path, accept: image.manifest.mediaType }, signal)
  return answer.status === 200 && answer.headers['docker-content-digest'] === image.manifest.digest
}

async function pushBlob(blob: OciBlob, target: PushTarget, signal: AbortSignal): Promise<void> {
  const there = await call(target, { method: 'HEAD', path: `/v2/${target.repository}/blobs/${blob.digest}` }, signal)
  if (there.status === 200) return
  const started = await call(target, { method: 'POST', path: `/v2/${target.repository}/blobs/uploads/` }, signal)
  const { location } = started.headers
  if (started.status !== 202 || location === undefined) throw refused(target, 'an upload', started)
  // The location is absolute or a path, with or without a query already.
  const upload = new URL(location, `http://${target.host}`)
  upload.searchParams.set('digest', blob.digest)
  const path = `${upload.pathname}${upload.search}`
  const done = await call(target, { method: 'PUT', path, contentType: 'application/octet-stream', body: blob.bytes }, signal)
  if (done.status !== 201) throw refused(target, blob.digest, done)
}

interface RegistryCall {
  readonly method: 'HEAD' | 'POST' | 'PUT' | 'GET'
  readonly path: string
  readonly contentType?: string
  readonly accept?: string
  readonly body?: Uint8Array
}

interface RegistryAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
}

function call(target: PushTarget, asked: RegistryCall, signal: AbortSignal): Promise<RegistryAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`http://${target.host}${asked.path}`, {
      method: asked.method,
      signal,
      timeout: CALL_TIMEOUT_MS,
      headers: {
        'Content-Length': asked.body?.length ?? 0,
        ...(asked.contentType === undefined ? {} : { 'Content-Type': asked.contentType }),
        ...(asked.accept === undefined ? {} : { Accept: asked.accept }),
      },
    })
    outgoing.on('timeout', () => {
      outgoing.destroy(new Error(`the registry ${target.host} did not answer within ${CALL_TIMEOUT_MS / 1000} s`))
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        if (text.length < ANSWER_LIMIT_BYTES) text += chunk.toString('utf8')
      })
      response.on('error', reject)
      response.on('end', () => {
        const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, value?.toString()]))
        resolve({ status: response.statusCode ?? 0, headers, text })
      })
    })
    outgoing.end(asked.body)
  })
}

function refused(target: PushTarget, what: string, answer: RegistryAnswer): Error {
  return new Error(`The registry ${target.host} did not take ${what} of ${target.repository}: ${answer.status} ${answer.text.trim()}`)
}

function assertTarget(target: PushTarget): void {
  const address = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/
  if (!address.test(target.host)) throw new Error(`${target.host} is not host:port on loopback: images are pushed in the clear`)
  const name = /^[a-z0-9]+([._/-][a-z0-9]+)*$/
  if (!name.test(target.repository) || !/^\w[\w.-]{0,127}$/.test(target.tag)) {
    throw new Error(`${target.repository}:${target.tag} is no name of an image`)
  }
}
