import { Agent, request } from 'node:https'
import type { WebhookCall, WebhookCaller, WebhookTarget } from '../apiserver/webhooks/webhook-caller.ts'
import { isObject, type JsonObject } from '../objects/json.ts'
import { thrownMessage } from '../words/thrown.ts'

const MAX_ANSWER_BYTES = 3 * 1024 * 1024
const CONNECTIONS_PER_TARGET = 64
const MAX_AGENTS = 100

/** Connections are kept: an admission webhook is asked for nearly every write. */
export function createWebhookCaller(): WebhookCaller & { close(): void } {
  const agents = new Map<string, Agent>()
  const agentFor = ({ serverName, caPem }: WebhookTarget): Agent => {
    const key = `${serverName} ${caPem ?? ''}`
    const known = agents.get(key)
    if (known !== undefined) return known
    const [oldest] = agents.keys()
    if (agents.size >= MAX_AGENTS && oldest !== undefined) {
      agents.get(oldest)?.destroy()
      agents.delete(oldest)
    }
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_PER_TARGET, ...(caPem === undefined ? {} : { ca: caPem }), servername: serverName, minVersion: 'TLSv1.2' })
    agents.set(key, agent)
    return agent
  }
  return {
    async call(call) {
      const { host, port, path } = call.target
      try {
        return await post(call, agentFor(call.target))
      } catch (error) {
        throw new Error(`failed to call webhook: Post "https://${host}:${port}${path}": ${thrownMessage(error)}`, { cause: error })
      }
    },
    close() {
      for (const agent of agents.values()) agent.destroy()
    },
  }
}

function post({ target, body, timeoutMs }: WebhookCall, agent: Agent): Promise<JsonObject> {
  const bytes = Buffer.from(JSON.stringify(body))
  return new Promise((resolve, reject) => {
    const { host, port, path, serverName } = target
    const headers = { 'content-type': 'application/json', accept: 'application/json', 'content-length': bytes.length, host: port === 443 ? serverName : `${serverName}:${port}` }
    const outgoing = request({ method: 'POST', host, port, path, agent, headers })
    const timer = setTimeout(() => outgoing.destroy(new Error(`context deadline exceeded: no answer within ${timeoutMs / 1000} seconds`)), timeoutMs)
    outgoing.on('close', () => clearTimeout(timer))
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      let received = 0
      response.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (received > MAX_ANSWER_BYTES) outgoing.destroy(new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => {
        try {
          resolve(objectIn(response.statusCode ?? 0, Buffer.concat(chunks)))
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
    outgoing.end(bytes)
  })
}

/** Of an answer that is none, only its beginning is repeated. */
function objectIn(status: number, bytes: Buffer): JsonObject {
  if (status < 200 || status > 299) throw new Error(`the server answered with status ${status}: ${JSON.stringify(bytes.toString('utf8', 0, 200))}`)
  const value: unknown = JSON.parse(bytes.toString('utf8'))
  if (!isObject(value)) throw new Error('the answer is no JSON object')
  return value
}
