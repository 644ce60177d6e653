import { Agent } from 'node:https'
import type { ClientCalls, HostCalls } from '../apiserver/metrics/client-calls.ts'
import { uncalled, type WebhookCall, type WebhookCaller, type WebhookTarget } from '../apiserver/webhooks/webhook-caller.ts'
import { isObject, type JsonObject } from '../objects/json.ts'
import { jsonText, parseJson } from '../objects/json-text.ts'
import { thrownMessage } from '../words/thrown.ts'
import { callFailure } from './call-failure.ts'
import { refusedCall } from './refused-call.ts'
import { looksSelfSigned, signedLeaf } from './signed-leaf.ts'
import { wholeAnswer, type WholeAnswer } from './whole-answer.ts'
import { trusting } from './trusted-authorities.ts'

const MAX_ANSWER_BYTES = 3 * 1024 * 1024
const CONNECTIONS_PER_TARGET = 64
const MAX_AGENTS = 100

export interface EventPoster {
  /** Posts a text that is JSON. What is answered counts for nothing but its status. */
  post(target: WebhookTarget, text: string, timeoutMs: number): Promise<void>
}

/** Connections are kept: an admission webhook is asked for nearly every write. */
export function createWebhookCaller(calls?: ClientCalls): WebhookCaller & EventPoster & { close(): void } {
  const agents = new Agents()
  const sent = (target: WebhookTarget, text: string, timeoutMs: number): Promise<WholeAnswer> => (
    send(target, Buffer.from(text), timeoutMs, { agents, counts: calls?.of(target.authority) }))
  return {
    call: async ({ target, body, timeoutMs }: WebhookCall) => objectIn(await sent(target, jsonText(body), timeoutMs)),
    async post(target, text, timeoutMs) {
      await sent(target, text, timeoutMs)
    },
    close: () => agents.close(),
  }
}

/** The connections to each target, by whom it is and who we are to it. */
class Agents {
  readonly #byTarget = new Map<string, Agent>()

  of(target: WebhookTarget): Agent {
    return this.#byTarget.get(keyOf(target)) ?? this.#add(target, target.caPem)
  }

  /** Besides the target's authorities. */
  trust(target: WebhookTarget, leafPem: string): Agent {
    this.#byTarget.get(keyOf(target))?.destroy()
    this.#byTarget.delete(keyOf(target))
    return this.#add(target, `${target.caPem ?? ''}\n${leafPem}`)
  }

  #add(target: WebhookTarget, caPem: string | undefined): Agent {
    const [oldest] = this.#byTarget
    if (this.#byTarget.size >= MAX_AGENTS && oldest !== undefined) {
      oldest[1].destroy()
      this.#byTarget.delete(oldest[0])
    }
    const agent = newAgent(target, caPem)
    this.#byTarget.set(keyOf(target), agent)
    return agent
  }

  close(): void {
    for (const agent of this.#byTarget.values()) agent.destroy()
  }
}

function keyOf({ serverName, caPem, credentials }: WebhookTarget): string {
  return `${serverName} ${caPem ?? ''} ${credentials?.certificatePem ?? ''}`
}

function newAgent({ serverName, credentials }: WebhookTarget, caPem: string | undefined): Agent {
  return new Agent({
    keepAlive: true, maxSockets: CONNECTIONS_PER_TARGET, servername: serverName, minVersion: 'TLSv1.2',
    ...trusting(caPem),
    ...(credentials?.certificatePem === undefined ? {} : { cert: credentials.certificatePem, key: credentials.keyPem }),
  })
}

interface Sending {
  readonly agents: Agents
  /** Undefined: nobody counts. */
  readonly counts: HostCalls | undefined
}

/** Resolves to an answer with a good status. A redirection is none: who asks says whom, and nobody else. */
async function send(target: WebhookTarget, bytes: Buffer, timeoutMs: number, { agents, counts }: Sending): Promise<WholeAnswer> {
  const startedAt = counts?.now() ?? 0
  let answer: WholeAnswer | undefined
  try {
    answer = await answered(target, bytes, timeoutMs, agents)
  } catch (error) {
    throw uncalled(target, callFailure(target, error), error)
  } finally {
    counts?.answered('POST', answer?.status ?? 0, startedAt)
  }
  if (answer.status >= 200 && answer.status <= 299) return answer
  throw failedCall(refusedCall(answer))
}

async function answered(target: WebhookTarget, bytes: Buffer, timeoutMs: number, agents: Agents): Promise<WholeAnswer> {
  const { host, port, path, caPem } = target
  const ask = (agent: Agent): Promise<WholeAnswer> => wholeAnswer(
    { method: 'POST', host, port, path, agent, headers: headersFor(target, bytes) }, bytes,
    { maxBytes: MAX_ANSWER_BYTES, timeoutMs, late: 'context deadline exceeded: ' }
  )
  try {
    return await ask(agents.of(target))
  } catch (error) {
    const leafPem = caPem !== undefined && looksSelfSigned(error) ? await signedLeaf({ ...target, caPem }, timeoutMs) : undefined
    if (leafPem === undefined) throw error
    return await ask(agents.trust(target, leafPem))
  }
}

function headersFor({ authority, credentials }: WebhookTarget, bytes: Buffer): Record<string, string | number> {
  const token = credentials?.token?.()
  return {
    'content-type': 'application/json', accept: 'application/json', 'content-length': bytes.length,
    host: authority,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
}

/** Somebody has answered, but not what he was asked for. */
function failedCall(why: string, cause?: unknown): Error {
  return new Error(`failed to call webhook: ${why}`, { cause })
}

function objectIn({ status, body, contentType }: WholeAnswer): JsonObject {
  if (body.length === 0) throw failedCall(`0-length response with status code: ${status} and content type: ${contentType}`)
  let value: unknown
  try {
    value = parseJson(body.toString('utf8'))
  } catch (error) {
    throw failedCall(`couldn't get version/kind; json parse error: ${thrownMessage(error)}`, error)
  }
  if (!isObject(value)) throw failedCall('the answer is no JSON object')
  return value
}
