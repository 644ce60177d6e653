import { Agent } from 'node:https'
import type { ClientCalls, HostCalls } from '../apiserver/metrics/client-calls.ts'
import { uncalled, type WebhookCall, type WebhookCaller, type WebhookTarget } from '../apiserver/webhooks/webhook-caller.ts'
import { isObject, type JsonObject } from '../objects/json.ts'
import { jsonText, parseJson } from '../objects/json-text.ts'
import { thrownMessage } from '../words/thrown.ts'
import { wholeAnswer } from './whole-answer.ts'

const MAX_ANSWER_BYTES = 3 * 1024 * 1024
const CONNECTIONS_PER_TARGET = 64
const MAX_AGENTS = 100

export interface EventPoster {
  /** Posts a text that is JSON. What is answered counts for nothing but its status. */
  post(target: WebhookTarget, text: string, timeoutMs: number): Promise<void>
}

/** Connections are kept: an admission webhook is asked for nearly every write. */
export function createWebhookCaller(calls?: ClientCalls): WebhookCaller & EventPoster & { close(): void } {
  const agents = new Map<string, Agent>()
  const agentFor = (target: WebhookTarget): Agent => {
    const { serverName, caPem, credentials } = target
    const key = `${serverName} ${caPem ?? ''} ${credentials?.certificatePem ?? ''}`
    const known = agents.get(key)
    if (known !== undefined) return known
    const [oldest] = agents.keys()
    if (agents.size >= MAX_AGENTS && oldest !== undefined) {
      agents.get(oldest)?.destroy()
      agents.delete(oldest)
    }
    const agent = newAgent(target)
    agents.set(key, agent)
    return agent
  }
  const explained = async <T>(target: WebhookTarget, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw uncalled(target, thrownMessage(error), error)
    }
  }
  const sent = (target: WebhookTarget, text: string, timeoutMs: number): Promise<Buffer> => (
    send(target, Buffer.from(text), timeoutMs, { agent: agentFor(target), counts: calls?.of(target.authority) }))
  return {
    call: ({ target, body, timeoutMs }: WebhookCall) => explained(target, async () =>
      objectIn(await sent(target, jsonText(body), timeoutMs))),
    post: (target, text, timeoutMs) => explained(target, async () => {
      await sent(target, text, timeoutMs)
    }),
    close() {
      for (const agent of agents.values()) agent.destroy()
    },
  }
}

function newAgent({ serverName, caPem, credentials }: WebhookTarget): Agent {
  return new Agent({
    keepAlive: true, maxSockets: CONNECTIONS_PER_TARGET, servername: serverName, minVersion: 'TLSv1.2',
    ...(caPem === undefined ? {} : { ca: caPem }),
    ...(credentials?.certificatePem === undefined ? {} : { cert: credentials.certificatePem, key: credentials.keyPem }),
  })
}

interface Sending {
  readonly agent: Agent
  /** Undefined: nobody counts. */
  readonly counts: HostCalls | undefined
}

/** Resolves to the body of an answer with a good status. */
async function send(target: WebhookTarget, bytes: Buffer, timeoutMs: number, { agent, counts }: Sending): Promise<Buffer> {
  const { host, port, path } = target
  const startedAt = counts?.now() ?? 0
  let status = 0
  let body: Buffer
  try {
    ({ status, body } = await wholeAnswer(
      { method: 'POST', host, port, path, agent, headers: headersFor(target, bytes) }, bytes,
      { maxBytes: MAX_ANSWER_BYTES, timeoutMs, late: 'context deadline exceeded: ' }
    ))
  } finally {
    counts?.answered('POST', status, startedAt)
  }
  if (status >= 200 && status <= 299) return body
  // Of an answer that is none, only its beginning is repeated.
  throw new Error(`the server answered with status ${status}: ${JSON.stringify(body.toString('utf8', 0, 200))}`)
}

function headersFor({ authority, credentials }: WebhookTarget, bytes: Buffer): Record<string, string | number> {
  const token = credentials?.token?.()
  return {
    'content-type': 'application/json', accept: 'application/json', 'content-length': bytes.length,
    host: authority,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
}

function objectIn(bytes: Buffer): JsonObject {
  const value: unknown = parseJson(bytes.toString('utf8'))
  if (!isObject(value)) throw new Error('the answer is no JSON object')
  return value
}
