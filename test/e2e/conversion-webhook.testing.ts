import { mkdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '../../src/host/clock.ts'
import { createClusterPki } from '../../src/host/pki.ts'
import { isObject, type JsonObject } from '../../src/objects/json.ts'
import { silentLog } from '../../src/words/ports.ts'

export interface RunningWebhook {
  /** https://127.0.0.1:PORT/convert */
  readonly url: string
  readonly port: number
  /** Its authority, as base64 of PEM. */
  readonly caBundle: string
  close(): void
}

/**
 * A conversion webhook over TLS for crontabs.example.com, whose v1 has a schedule of one text and whose v2 one of two fields. Before each answer
 * it reads what it shall do from the file "mode": right, late (by half an hour), hang, rubbish, refuse, rename, few. At /validate and /mutate it is
 * an admission webhook, which refuses what is called "bad" and labels all.
 */
export async function startConversionWebhook(directory: string, { name = 'conversion.test', address = '127.0.0.1' } = {}): Promise<RunningWebhook> {
  const keys = join(directory, 'webhook-keys')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  const addresses = address === '127.0.0.1' ? [address] : []
  const pki = createClusterPki(keys, { names: [name], addresses, clock: systemClock, log: silentLog })
  const server = createServer({ cert: pki.apiServer.certificatePem, key: pki.apiServer.keyPem }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as JsonObject
      const answer = request.url?.startsWith('/convert') === true
        ? answerTo(review, readFileSync(join(directory, 'mode'), 'utf8').trim())
        : admissionOf(review, request)
      if (answer !== undefined) response.end(answer)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, address, resolve))
  const { port } = server.address() as AddressInfo
  return { url: `https://127.0.0.1:${port}/convert`, port, caBundle: Buffer.from(pki.caPem).toString('base64'), close: () => close(server) }
}

function close(server: Server): void {
  server.close()
  server.closeAllConnections()
}

/** Refusals tell how the webhook was called. */
function admissionOf(review: JsonObject, { url = '', headers }: IncomingMessage): string {
  const { uid, object } = review['request'] as { uid: string; object: { metadata: { name: string } } }
  const response = url.startsWith('/mutate')
    ? { allowed: true, patchType: 'JSONPatch', patch: Buffer.from('[{"op":"add","path":"/metadata/labels","value":{"seen":"yes"}}]').toString('base64') }
    : { allowed: object.metadata.name !== 'bad', status: { message: `called as ${String(headers.host)}${url}` } }
  return JSON.stringify({ kind: 'AdmissionReview', apiVersion: review['apiVersion'], response: { uid, ...response } })
}

/** Undefined: none. */
function answerTo(review: JsonObject, mode: string): string | undefined {
  if (mode === 'hang') return undefined
  if (mode === 'rubbish') return '<html>404</html>'
  const { uid, objects, desiredAPIVersion } = review['request'] as { uid: string; objects: JsonObject[]; desiredAPIVersion: string }
  const converted = objects.map((object) => ({ ...object, apiVersion: desiredAPIVersion, spec: specAs(desiredAPIVersion, object['spec']) }))
  return JSON.stringify({ kind: 'ConversionReview', apiVersion: review['apiVersion'], response: { uid, ...responseIn(mode, converted) } })
}

function responseIn(mode: string, converted: readonly JsonObject[]): object {
  if (mode === 'refuse') return { result: { status: 'Failed', message: 'not on a Sunday' } }
  if (mode === 'few') return { result: { status: 'Success' }, convertedObjects: [] }
  const convertedObjects = mode === 'rename' ? converted.map(renamed) : mode === 'late' ? converted.map(later) : converted
  return { result: { status: 'Success' }, convertedObjects }
}

function renamed(object: JsonObject): JsonObject {
  return { ...object, metadata: { ...(isObject(object['metadata']) ? object['metadata'] : {}), name: 'another' } }
}

function later(object: JsonObject): JsonObject {
  const { minute, ...spec } = isObject(object['spec']) ? object['spec'] : {}
  return { ...object, spec: { ...spec, ...(minute === undefined ? {} : { minute: Number(minute) + 30 }) } }
}

/** v1: {schedule: "5 12"}; v2: {minute: 5, hour: 12}. */
function specAs(apiVersion: string, spec: unknown): JsonObject {
  const { schedule, minute, hour, ...rest } = isObject(spec) ? spec : {}
  if (apiVersion === 'example.com/v1') return schedule === undefined ? { ...rest, schedule: `${String(minute)} ${String(hour)}` } : { ...rest, schedule }
  const [first, second] = String(schedule ?? '').split(' ').map(Number)
  return { ...rest, minute: minute ?? first, hour: hour ?? second }
}
