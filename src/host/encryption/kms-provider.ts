import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { StoreUnavailable } from '../../store/store.ts'
import type { Opening } from '../../store/sealed-store.ts'
import type { Clock, Log, Random } from '../../words/ports.ts'
import { sleep } from '../../words/ports.ts'
import { uuid } from '../../words/random.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { openGrpcClient, type GrpcClient } from '../cri/grpc-client.ts'
import { GrpcFailure, grpcStatus } from '../cri/grpc-failure.ts'
import { decodeMessage, encodeMessage } from '../cri/protobuf.ts'
import { GCM_OVERHEAD_BYTES, gcmKey, openGcm, sealGcm, type GcmKey } from './aes-gcm.ts'
import type { KmsConfig } from './encryption-config.ts'
import { KmsSources } from './kms-sources.ts'
import {
  SOURCE_TYPE, encryptedObject, keyIdProblem, kmsMethods, sourceProblem, type EncryptedObject, type SealedSource
} from './kms-messages.ts'
import { CannotOpen, type Provider } from './provider.ts'

const SEED_BYTES = 32
const INFO_BYTES = 32
const NONCE_BYTES = 12
/**
 * Upstream derives a key for each value. With random nonces one key is good for 2^32; so many share one, which saves a third of the time.
 */
const VALUES_PER_KEY = 256
/** A seed is used for so long after the plugin last said that its key is still the one; then writes are refused. As upstream. */
const SEED_LIFE_MS = 3 * 60_000
const POLL_MS = 20_000
const POLL_AFTER_FAILURE_MS = 3_000

export interface KmsParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** How long a value that must be read waits for a plugin that does not answer. */
  readonly patienceMs: number
}

interface Sealing {
  readonly source: SealedSource
  readonly seed: KeyObject
  /** Everything of an EncryptedObject that follows its data, encoded once. */
  readonly tail: Uint8Array
  readonly until: number
}

interface DerivedKey {
  readonly seed: KeyObject
  readonly info: Uint8Array
  readonly key: GcmKey
  uses: number
}

/**
 * Envelope encryption with a KMS v2 plugin: a random seed per start (and per key id) is sealed by the plugin; values are sealed with keys
 * that are HKDF-Expand(seed, 32 random bytes), so the plugin is not asked for each write. Seeds that were opened are remembered.
 */
export class KmsProvider implements Provider {
  readonly title: string
  readonly prefix: string
  readonly #config: KmsConfig
  readonly #parts: KmsParts
  readonly #head: Uint8Array
  readonly #client: GrpcClient
  readonly #sources: KmsSources
  #sealing: Sealing | undefined
  #derived: DerivedKey | undefined
  #problem: string | undefined = 'the plugin has not been asked yet'
  #epoch = 0

  constructor(config: KmsConfig, parts: KmsParts) {
    this.#config = config
    this.#parts = parts
    this.title = `kms ${JSON.stringify(config.name)}`
    this.prefix = `k8s:enc:kms:v2:${config.name}:`
    this.#head = Buffer.from(this.prefix)
    this.#client = openGrpcClient(socketPath(config.endpoint))
    this.#sources = new KmsSources((source) => this.#openSource(source))
  }

  /** Why the plugin is not healthy; undefined while it is. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Grows with every new key of the KMS. */
  get epoch(): number {
    return this.#epoch
  }

  seal(key: string, plain: Uint8Array): Uint8Array {
    const { seed, tail } = this.#usable()
    const { info, key: derived } = this.#nextKey(seed)
    const length = INFO_BYTES + GCM_OVERHEAD_BYTES + plain.length
    const lengthBytes = varint(length)
    const start = this.#head.length + 1 + lengthBytes.length
    const sealed = Buffer.allocUnsafeSlow(start + length + tail.length)
    sealed.set(this.#head)
    // Field 1 of the message, a length and its bytes.
    sealed[this.#head.length] = 0x0a
    sealed.set(lengthBytes, this.#head.length + 1)
    sealed.set(info, start)
    const nonce = this.#parts.random.bytes(NONCE_BYTES)
    sealGcm(derived, { key, plain, nonce }, sealed.subarray(start + INFO_BYTES, start + length))
    sealed.set(tail, start + length)
    return sealed
  }

  opening(key: string, body: Uint8Array): Opening | Promise<Opening> {
    const object = readObject(body)
    const open = (source: KeyObject): Opening => () => openWith(source, object, key)
    const source = this.#sources.get(object)
    return source instanceof Promise ? source.then(open) : open(source)
  }

  /** As upstream, by the KMS's key: that every start has a seed of its own makes nothing stale. */
  isCurrent(body: Uint8Array): boolean {
    const { keyId, sourceType } = readObject(body)
    return this.#sealing !== undefined && keyId === this.#sealing.source.keyId && sourceType === SOURCE_TYPE.seed
  }

  /** Asks the plugin for its health and key; takes a new seed where the key is another. Throws when it is not well. */
  async poll(): Promise<void> {
    try {
      const status = await this.#client.call(kmsMethods.status, {}, { timeoutMs: this.#config.timeoutMs })
      const wrong = statusProblem(status)
      if (wrong !== undefined) throw new Error(wrong)
      if (status.keyId !== this.#sealing?.source.keyId) await this.#takeSeed()
      else this.#sealing = { ...this.#sealing, until: this.#parts.clock.now() + SEED_LIFE_MS }
      if (this.#problem !== undefined) this.#parts.log.info('The KMS plugin is well', { provider: this.#config.name })
      this.#problem = undefined
    } catch (error) {
      const problem = `kmsv2 Provider ${this.#config.name} is not healthy, error: ${explain(error)} (${this.#config.endpoint})`
      if (this.#problem !== problem) this.#parts.log.warn('The KMS plugin is not well', { provider: this.#config.name, error: problem })
      this.#problem = problem
      throw new Error(problem, { cause: error })
    }
  }

  /** Polls until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#parts.clock, this.#problem === undefined ? POLL_MS : POLL_AFTER_FAILURE_MS, signal)
      // The failure is remembered, and logged once.
      if (!signal.aborted) await this.poll().catch(() => undefined)
    }
  }

  close(): void {
    this.#client.close()
  }

  #nextKey(seed: KeyObject): DerivedKey {
    let derived = this.#derived
    if (derived === undefined || derived.seed !== seed || derived.uses >= VALUES_PER_KEY) {
      const info = this.#parts.random.bytes(INFO_BYTES)
      this.#derived = derived = { seed, info, key: derivedKey(seed, info), uses: 0 }
    }
    derived.uses++
    return derived
  }

  #usable(): Sealing {
    if (this.#sealing !== undefined && this.#parts.clock.now() <= this.#sealing.until) return this.#sealing
    const why = this.#problem ?? 'its key has not been confirmed for too long'
    throw new StoreUnavailable(`nothing can be sealed now: ${why}. Start the KMS plugin, or restart it`)
  }

  async #takeSeed(): Promise<void> {
    const seed = this.#parts.random.bytes(SEED_BYTES)
    const answer = await this.#client.call(
      kmsMethods.encrypt, { plaintext: seed, uid: uuid(this.#parts.random) }, { timeoutMs: this.#config.timeoutMs }
    )
    const source = {
      keyId: answer.keyId, encryptedSource: answer.ciphertext, annotations: answer.annotations, sourceType: SOURCE_TYPE.seed
    }
    const wrong = sourceProblem(source)
    if (wrong !== undefined) throw new Error(`the plugin's answer to Encrypt cannot be used: ${wrong}`)
    if (Buffer.compare(answer.ciphertext, seed) === 0) throw new Error("the plugin's answer to Encrypt cannot be used: it is not encrypted")
    const isNewKey = this.#sealing?.source.keyId !== source.keyId
    const secret = createSecretKey(seed)
    this.#sources.remember(source, secret)
    this.#sealing = { source, seed: secret, tail: encodeMessage(encryptedObject, source), until: this.#parts.clock.now() + SEED_LIFE_MS }
    if (isNewKey) this.#epoch++
  }

  async #openSource({ encryptedSource, keyId, annotations }: SealedSource): Promise<KeyObject> {
    const request = { ciphertext: encryptedSource, keyId, annotations, uid: uuid(this.#parts.random) }
    const deadline = this.#parts.clock.now() + this.#parts.patienceMs
    for (;;) {
      try {
        return createSecretKey((await this.#client.call(kmsMethods.decrypt, request, { timeoutMs: this.#config.timeoutMs })).plaintext)
      } catch (error) {
        if (!mayPass(error) || this.#parts.clock.now() >= deadline) {
          throw new Error(`failed to decrypt DEK, error: ${explain(error)} (${this.#config.endpoint})`, { cause: error })
        }
        await sleep(this.#parts.clock, Math.min(1_000, this.#parts.patienceMs))
      }
    }
  }
}

/** unix:///run/kms.sock, and unix://@name in the abstract namespace. */
function socketPath(endpoint: string): string {
  const path = endpoint.slice('unix://'.length)
  return path.startsWith('@') ? `\0${path.slice(1)}` : path
}

function mayPass(error: unknown): boolean {
  return error instanceof GrpcFailure && (error.code === grpcStatus.unavailable || error.code === grpcStatus.deadlineExceeded)
}

function explain(error: unknown): string {
  return thrownMessage(error).slice(0, 500)
}

function statusProblem({ version, healthz, keyId }: { version: string; healthz: string; keyId: string }): string | undefined {
  if (healthz !== 'ok') return `got unexpected healthz status: ${healthz.slice(0, 200)}`
  if (version !== 'v2' && version !== 'v2beta1') return `expected KMSv2 API version v2, got ${version.slice(0, 50)}`
  return keyIdProblem(keyId)
}

function readObject(body: Uint8Array): EncryptedObject {
  let object: EncryptedObject
  try {
    object = decodeMessage(encryptedObject, body)
  } catch (error) {
    throw new CannotOpen(thrownMessage(error))
  }
  const wrong = object.encryptedData.length === 0 ? 'encrypted data is empty' : sourceProblem(object)
  if (wrong !== undefined) throw new CannotOpen(wrong)
  return object
}

function openWith(source: KeyObject, { encryptedData, sourceType }: EncryptedObject, key: string): Uint8Array {
  const size = source.symmetricKeySize ?? 0
  if (sourceType === SOURCE_TYPE.key) {
    if (![16, 24, 32].includes(size)) throw new CannotOpen(`the plugin gave a key of ${size} bytes`)
    return openGcm(gcmKey(source.export()), key, encryptedData)
  }
  if (size < SEED_BYTES) throw new CannotOpen(`invalid seed length ${size} used for key generation`)
  return openGcm(derivedKey(source, encryptedData.subarray(0, INFO_BYTES)), key, encryptedData.subarray(INFO_BYTES))
}

/** HKDF-Expand (RFC 5869) with SHA-256 to 32 bytes, which is its first block alone. */
function derivedKey(seed: KeyObject, info: Uint8Array): GcmKey {
  return gcmKey(createHmac('sha256', seed).update(info).update(FIRST_BLOCK).digest())
}

const FIRST_BLOCK = Uint8Array.of(1)

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
