import { mkdirSync, readFileSync } from 'node:fs'
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
  /** Its authority, as base64 of PEM. */
  readonly caBundle: string
  close(): void
}

/**
 * A conversion webhook over TLS for crontabs.example.com, whose v1 has a schedule of one text and whose v2 one of two fields. Before each answer
 * it reads what it shall do from the file "mode": right, hang, rubbish, refuse, rename, few.
 */
export async function startConversionWebhook(directory: string): Promise<RunningWebhook> {
  const keys = join(directory, 'webhook-keys')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  const pki = createClusterPki(keys, { names: ['conversion.test'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
  const server = createServer({ cert: pki.apiServer.certificatePem, key: pki.apiServer.keyPem }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const answer = answerTo(JSON.parse(Buffer.concat(chunks).toString()), readFileSync(join(directory, 'mode'), 'utf8').trim())
      if (answer !== undefined) response.end(answer)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `https://127.0.0.1:${port}/convert`, caBundle: Buffer.from(pki.caPem).toString('base64'), close: () => close(server) }
}

function close(server: Server): void {
  server.close()
  server.closeAllConnections()
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
  const convertedObjects = mode === 'rename' ? converted.map(renamed) : converted
  return { result: { status: 'Success' }, convertedObjects }
}

function renamed(object: JsonObject): JsonObject {
  return { ...object, metadata: { ...(isObject(object['metadata']) ? object['metadata'] : {}), name: 'another' } }
}

/** v1: {schedule: "5 12"}; v2: {minute: 5, hour: 12}. */
function specAs(apiVersion: string, spec: unknown): JsonObject {
  const { schedule, minute, hour, ...rest } = isObject(spec) ? spec : {}
  if (apiVersion === 'example.com/v1') return schedule === undefined ? { ...rest, schedule: `${String(minute)} ${String(hour)}` } : { ...rest, schedule }
  const [first, second] = String(schedule ?? '').split(' ').map(Number)
  return { ...rest, minute: minute ?? first, hour: hour ?? second }
}
