import type { Client } from '../client/client.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Pod, ServiceAccountTokenProjection, TokenRequest } from '../resources/generated/types.ts'
import { present } from '../words/assert.ts'
import type { Instant } from '../words/instant.ts'
import { parseTime } from '../words/instant.ts'
import type { Clock } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { tokenProjections } from './volumes/plan-volumes.ts'

interface Token {
  readonly text: string
  readonly expiresAt: Instant
  readonly refreshAt: Instant
}

const DAY_MS = 86_400_000
const DEFAULT_SECONDS = 3600
const RETRY_MS = 30_000

/** The service account tokens of this node's pods. A token is renewed after 80 % of its life, or a day. */
export class TokenSource {
  readonly #client: Client
  readonly #clock: Clock
  readonly #tokens = new Map<string, Map<string, Token>>()

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** Makes all tokens of the pod good; resolves to when to do so again. A renewal that fails is no failure while the old token is valid. */
  async prepare(pod: Pod): Promise<Instant | undefined> {
    const uid = pod.metadata.uid ?? ''
    let next: Instant | undefined
    for (const projection of tokenProjections(pod)) {
      const refreshAt = await this.#prepareOne(pod, uid, projection)
      if (next === undefined || refreshAt < next) next = refreshAt
    }
    return next
  }

  get(pod: Pod, projection: ServiceAccountTokenProjection): string {
    return present(this.#tokens.get(pod.metadata.uid ?? '')?.get(keyOf(projection)), 'a token that was prepared').text
  }

  forget(podUid: string): void {
    this.#tokens.delete(podUid)
  }

  async #prepareOne(pod: Pod, uid: string, projection: ServiceAccountTokenProjection): Promise<Instant> {
    const key = keyOf(projection)
    const known = this.#tokens.get(uid)?.get(key)
    const now = this.#clock.now()
    if (known !== undefined && now < known.refreshAt) return known.refreshAt
    try {
      const token = await this.#request(pod, uid, projection, now)
      const ofPod = this.#tokens.get(uid) ?? new Map<string, Token>()
      ofPod.set(key, token)
      this.#tokens.set(uid, ofPod)
      return token.refreshAt
    } catch (error) {
      if (known !== undefined && now < known.expiresAt) return now + RETRY_MS
      throw new Error(`failed to fetch token: ${thrownMessage(error)}`)
    }
  }

  async #request(pod: Pod, uid: string, projection: ServiceAccountTokenProjection, now: Instant): Promise<Token> {
    const name = pod.spec?.serviceAccountName ?? 'default'
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {},
      spec: {
        audiences: projection.audience === undefined || projection.audience === '' ? [] : [projection.audience],
        expirationSeconds: projection.expirationSeconds ?? DEFAULT_SECONDS,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name ?? '', uid },
      },
    }
    const key = { namespace: pod.metadata.namespace ?? '', name }
    const answer = await this.#client.createSubresource<TokenRequest, TokenRequest>(kinds.ServiceAccount, key, 'token', request)
    const expiresAt = parseTime(answer.status?.expirationTimestamp ?? '')
    if (answer.status === undefined || expiresAt === undefined) throw new Error('the API server answered a TokenRequest without a token')
    const refreshAt = now + Math.min((expiresAt - now) * 0.8, DAY_MS)
    return { text: answer.status.token, expiresAt, refreshAt }
  }
}

function keyOf({ audience, expirationSeconds, path }: ServiceAccountTokenProjection): string {
  return `${audience ?? ''}\n${expirationSeconds ?? ''}\n${path}`
}
