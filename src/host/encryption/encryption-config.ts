import { readConfigDocument } from '../../objects/config-document.ts'
import { DocumentShape } from '../../objects/document-shape.ts'
import { invalidValue, required, type FieldError } from '../../objects/field-error.ts'
import type { JsonObject } from '../../objects/json.ts'
import { checkResources } from './config-resources.ts'
import { parseGoDuration } from './go-duration.ts'
import { fromBase64 } from '../../words/bytes.ts'

/** apiserver.config.k8s.io/v1 EncryptionConfiguration, checked. */
export interface EncryptionConfig {
  readonly resources: readonly ResourceConfig[]
}

export interface ResourceConfig {
  readonly resources: readonly string[]
  readonly providers: readonly ProviderConfig[]
}

export type ProviderConfig =
  | { readonly type: 'identity' }
  | { readonly type: KeyedType; readonly keys: readonly KeyConfig[] }
  | KmsConfig

export interface KmsConfig {
  readonly type: 'kms'
  readonly name: string
  /** unix:///run/kms.sock */
  readonly endpoint: string
  readonly timeoutMs: number
}

export interface KeyConfig {
  readonly name: string
  readonly secret: Uint8Array
}

type KeyedType = 'aesgcm' | 'aescbc' | 'secretbox'

const API_VERSION = 'apiserver.config.k8s.io/v1'
const KIND = 'EncryptionConfiguration'
const AES_KEY_SIZES = [16, 24, 32]
const KEY_SIZES: Readonly<Record<KeyedType, readonly number[]>> = { aesgcm: AES_KEY_SIZES, aescbc: AES_KEY_SIZES, secretbox: [32] }
const PROVIDER_TYPES = ['aesgcm', 'aescbc', 'secretbox', 'identity', 'kms']
const DEFAULT_KMS_TIMEOUT = '3s'

/** Reads a file's content. Throws an Error that names the file and the fields, and never repeats a key. */
export function parseEncryptionConfig(file: string, content: Uint8Array): EncryptionConfig {
  if (content.length === 0) throw new Error(`encryption provider configuration file ${JSON.stringify(file)} is empty`)
  const fail = (why: string): Error => new Error(`error decoding encryption provider configuration file ${JSON.stringify(file)}: ${why}`)
  const document = readConfigDocument(content, { kind: KIND, apiVersions: [API_VERSION], notObject: 'it is no object', fail })
  const reader = new ConfigReader()
  const config = reader.config(document)
  if (reader.shape.problems.length > 0) throw fail(`strict decoding error: ${reader.shape.problems.join(', ')}`)
  if (reader.errors.length === 0) return config
  const lines = reader.errors.map(({ field, message }) => `${field}: ${message}`)
  throw fail(lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`)
}

/** Collects all that is wrong: shape first, as what has no shape has no meaning. */
class ConfigReader {
  readonly shape = new DocumentShape()
  readonly errors: FieldError[] = []
  readonly #kmsNames = new Set<string>()

  config(document: JsonObject): EncryptionConfig {
    this.shape.known(document, '', ['apiVersion', 'kind', 'resources'])
    const rules = this.shape.list(document['resources'], 'resources')
    if (rules.length === 0) this.errors.push(required('resources', 'at least one resources is required'))
    return { resources: rules.map((rule, index) => this.#rule(this.shape.object(rule, `resources[${index}]`), `resources[${index}]`)) }
  }

  #rule(rule: JsonObject, at: string): ResourceConfig {
    this.shape.known(rule, at, ['resources', 'providers'])
    const resources = this.shape.list(rule['resources'], `${at}.resources`).map(
      (resource, index) => this.shape.text(resource, `${at}.resources[${index}]`)
    )
    if (resources.length === 0) this.errors.push(required(`${at}.resources`, `at least one ${at}.resources is required`))
    this.errors.push(...checkResources(`${at}.resources`, resources))
    const providers = this.shape.list(rule['providers'], `${at}.providers`)
    if (providers.length === 0) this.errors.push(required(`${at}.providers`, `at least one ${at}.providers is required`))
    return { resources, providers: providers.flatMap((provider, index) => this.#provider(provider, `${at}.providers[${index}]`)) }
  }

  #provider(value: unknown, at: string): readonly ProviderConfig[] {
    const provider = this.shape.object(value, at)
    this.shape.known(provider, at, PROVIDER_TYPES)
    const given = PROVIDER_TYPES.filter((type) => provider[type] !== undefined && provider[type] !== null)
    const [type] = given
    if (type === undefined) {
      this.errors.push(
        invalidValue(at, {}, 'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity')
      )
      return []
    }
    if (given.length > 1) {
      // The names alone: the values are keys.
      this.errors.push(
        invalidValue(at, given, 'more than one provider specified in a single element, should split into different list elements')
      )
      return []
    }
    const inner = this.shape.object(provider[type], `${at}.${type}`)
    if (type === 'kms') return [this.#kms(inner, `${at}.kms`)]
    if (type === 'aesgcm' || type === 'aescbc' || type === 'secretbox') return [
      { type, keys: this.#keys(inner, `${at}.${type}`, KEY_SIZES[type]) }
    ]
    this.shape.known(inner, `${at}.${type}`, [])
    return [{ type: 'identity' }]
  }

  #keys(provider: JsonObject, at: string, sizes: readonly number[]): readonly KeyConfig[] {
    this.shape.known(provider, at, ['keys'])
    const keys = this.shape.list(provider['keys'], `${at}.keys`)
    if (keys.length === 0) this.errors.push(required(`${at}.keys`, 'at least one keys is required'))
    return keys.flatMap((key, index) => this.#key(this.shape.object(key, `${at}.keys[${index}]`), `${at}.keys[${index}]`, sizes))
  }

  #key(key: JsonObject, at: string, sizes: readonly number[]): readonly KeyConfig[] {
    this.shape.known(key, at, ['name', 'secret'])
    const name = this.shape.text(key['name'], `${at}.name`)
    const encoded = this.shape.text(key['secret'], `${at}.secret`)
    if (name === '') this.errors.push(required(`${at}.name`, 'name is a mandatory field for a key'))
    if (encoded === '') {
      this.errors.push(required(`${at}.secret`, 'secret is a mandatory field for a key'))
      return []
    }
    const secret = fromBase64(encoded.replaceAll(/[\r\n]/g, ''))
    if (secret === undefined) this.errors.push(invalidValue(`${at}.secret`, 'REDACTED', 'secrets must be base64 encoded'))
    else if (!sizes.includes(secret.length)) {
      const detail = `secret is not of the expected length, got ${secret.length}, expected one of [${sizes.join(' ')}]`
      this.errors.push(invalidValue(`${at}.secret`, 'REDACTED', detail))
    } else return [{ name, secret }]
    return []
  }

  #kms(kms: JsonObject, at: string): KmsConfig {
    this.shape.known(kms, at, ['apiVersion', 'name', 'cachesize', 'endpoint', 'timeout'])
    const name = this.shape.text(kms['name'], `${at}.name`)
    const endpoint = this.shape.text(kms['endpoint'], `${at}.endpoint`)
    const timeout = this.shape.text(kms['timeout'] ?? DEFAULT_KMS_TIMEOUT, `${at}.timeout`)
    const timeoutMs = parseGoDuration(timeout)
    if (timeoutMs === undefined) this.shape.problems.push(`${at}.timeout: time: invalid duration ${JSON.stringify(timeout)}`)
    this.#kmsName(name, `${at}.name`)
    if (timeoutMs !== undefined && timeoutMs <= 0) this.errors.push(
      invalidValue(`${at}.timeout`, timeout, 'timeout should be a positive value')
    )
    this.#kmsEndpoint(endpoint, `${at}.endpoint`)
    if (typeof kms['cachesize'] === 'number') this.errors.push(
      invalidValue(`${at}.cachesize`, kms['cachesize'], 'cachesize is not supported in v2')
    )
    const version = kms['apiVersion'] ?? 'v1'
    if (version === 'v1') this.errors.push(
      invalidValue(`${at}.apiVersion`, version, 'KMSv1 is deprecated and not supported here. Use KMSv2 instead: apiVersion: v2')
    )
    else if (version !== 'v2') this.errors.push(
      invalidValue(`${at}.apiVersion`, version, 'unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported')
    )
    return { type: 'kms', name, endpoint, timeoutMs: timeoutMs ?? 0 }
  }

  #kmsName(name: string, at: string): void {
    if (name === '') this.errors.push(required(at, 'name is a mandatory field for a provider'))
    if (name.includes(':')) this.errors.push(invalidValue(at, name, `invalid KMS provider name ${name}, must not contain ':'`))
    if (this.#kmsNames.has(name)) this.errors.push(invalidValue(at, name, `duplicate KMS provider name ${name}, names must be unique`))
    this.#kmsNames.add(name)
  }

  #kmsEndpoint(endpoint: string, at: string): void {
    if (endpoint === '') this.errors.push(invalidValue(at, '', 'endpoint is a mandatory field for a kms'))
    else if (!endpoint.startsWith('unix://')) {
      const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(endpoint)?.[1] ?? ''
      this.errors.push(invalidValue(at, endpoint, `unsupported scheme ${JSON.stringify(scheme)} for KMS provider, only unix is supported`))
    } else if (endpoint.length <= 'unix://'.length) {
      this.errors.push(invalidValue(at, endpoint, 'invalid endpoint for kms provider, error: the path of the socket is missing'))
    }
  }

}
