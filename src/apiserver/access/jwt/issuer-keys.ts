import type { JsonObject } from '../../../objects/json.ts'
import { isObject } from '../../../objects/json.ts'
import type { Clock } from '../../../words/ports.ts'
import { thrownMessage } from '../../../words/thrown.ts'

/** Reads what an issuer publishes about itself: host/issuer-documents.ts. */
export interface IssuerDocuments {
  /** A JSON object. Throws an Error that says what is wrong: no connection, a status, too large, no answer in time. Follows no redirects. */
  fetch(
    wanted: { readonly url: string; readonly caPem: string | undefined; readonly timeoutMs: number; readonly maxBytes: number },
  ): Promise<JsonObject>
}

export interface KeyPlace {
  readonly url: string
  readonly discoveryUrl: string | undefined
  readonly caPem: string | undefined
}

interface Fetched {
  readonly at: number
  readonly keySet: JsonObject
}

const TIMEOUT_MS = 10_000
const MAX_BYTES = 512 * 1024
/** Keys that an issuer has taken back count no longer than that. */
const MAX_AGE_MS = 10 * 60_000
/** Tokens with keys that nobody knows, and an issuer that is down, cause no more traffic than one fetch in that time. */
const FETCH_AGAIN_MS = 10_000

/** The keys of one issuer, found by its discovery document and kept for a while. */
export class IssuerKeys {
  readonly #place: KeyPlace
  readonly #documents: IssuerDocuments
  readonly #clock: Clock
  #fetched: Fetched | undefined
  #pending: Promise<Fetched> | undefined
  #triedAt: number | undefined
  #problem = ''

  constructor(place: KeyPlace, documents: IssuerDocuments, clock: Clock) {
    this.#place = place
    this.#documents = documents
    this.#clock = clock
  }

  /** Throws an Error when there are none, or none that are young enough. */
  async current(): Promise<JsonObject> {
    const known = this.#fetched
    return known !== undefined && this.#clock.now() - known.at < MAX_AGE_MS ? known.keySet : this.#fetch()
  }

  /** For a token whose key is not among them: fetched anew, if that was not just done. Undefined: there are no newer ones. */
  async newer(than: JsonObject): Promise<JsonObject | undefined> {
    if (this.#fetched !== undefined && this.#fetched.keySet !== than) return this.#fetched.keySet
    return this.#mayTry() || this.#pending !== undefined ? this.#fetch() : undefined
  }

  #mayTry(): boolean {
    return this.#triedAt === undefined || this.#clock.now() - this.#triedAt >= FETCH_AGAIN_MS
  }

  async #fetch(): Promise<JsonObject> {
    if (this.#pending === undefined && !this.#mayTry()) throw new Error(this.#problem)
    this.#pending ??= this.#load().finally(() => {
      this.#pending = undefined
    })
    return (await this.#pending).keySet
  }

  async #load(): Promise<Fetched> {
    this.#triedAt = this.#clock.now()
    try {
      this.#fetched = { at: this.#triedAt, keySet: await this.#keySet() }
      return this.#fetched
    } catch (error) {
      this.#problem = `the keys of the issuer ${this.#place.url} cannot be read: ${thrownMessage(error)}`
      throw new Error(this.#problem, { cause: error })
    }
  }

  async #keySet(): Promise<JsonObject> {
    const { url, discoveryUrl, caPem } = this.#place
    const limits = { caPem, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES }
    const discovery = await this.#documents.fetch({
      ...limits, url: discoveryUrl ?? `${url.replace(/\/$/, '')}/.well-known/openid-configuration`,
    })
    if (discovery['issuer'] !== url) throw new Error('its discovery document is that of another issuer')
    const keysUrl = discovery['jwks_uri']
    if (typeof keysUrl !== 'string' || !/^https:\/\//i.test(keysUrl)) {
      throw new Error('its discovery document has no jwks_uri that begins with https://')
    }
    const keySet = await this.#documents.fetch({ ...limits, url: keysUrl })
    if (!Array.isArray(keySet['keys']) || !keySet['keys'].every(isObject)) throw new Error('its key set is no list of keys')
    return keySet
  }
}
