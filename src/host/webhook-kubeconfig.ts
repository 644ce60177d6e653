import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { WebhookCredentials, WebhookTarget } from '../apiserver/webhooks/webhook-caller.ts'
import { decodeYaml } from '../objects/codec-yaml.ts'
import { isObject, type JsonObject } from '../objects/json.ts'
import { fromBase64, textOf } from '../words/bytes.ts'
import { thrownMessage } from '../words/thrown.ts'

/**
 * The server that a kubeconfig's current context names, as upstream takes it for webhooks: cluster.server is the whole address,
 * user is what we show there. Paths are relative to the file. Throws an Error that names the file and the field, and shows no secret.
 */
export function readWebhookKubeconfig(file: string): WebhookTarget {
  try {
    return targetOf(new Kubeconfig(file, decodeYaml(readFileSync(file))))
  } catch (error) {
    throw new Error(`the kubeconfig ${file} cannot be used: ${thrownMessage(error)}`, { cause: error })
  }
}

function targetOf(config: Kubeconfig): WebhookTarget {
  const { cluster, user } = config
  const server = config.text(cluster, 'server')
  if (!URL.canParse(server)) throw new Error(`cluster.server is no URL: ${JSON.stringify(server)}`)
  const url = new URL(server)
  if (url.protocol !== 'https:') throw new Error(`cluster.server must begin with https://, not ${JSON.stringify(`${url.protocol}//`)}`)
  if (cluster['insecure-skip-tls-verify'] === true) throw new Error(
    'cluster.insecure-skip-tls-verify is not supported: give the authority with certificate-authority'
  )
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const serverName = config.text(cluster, 'tls-server-name')
  return {
    host, port: url.port === '' ? 443 : Number(url.port), path: `${url.pathname}${url.search}`,
    serverName: serverName === '' ? host : serverName, authority: url.host,
    caPem: config.pem(cluster, 'certificate-authority'), credentials: credentialsOf(config, user),
  }
}

function credentialsOf(config: Kubeconfig, user: JsonObject): WebhookCredentials {
  for (const unsupported of ['exec', 'auth-provider', 'username', 'password']) {
    if (user[unsupported] !== undefined) throw new Error(
      `user.${unsupported} is not supported: use a client certificate, a token or a tokenFile`
    )
  }
  const certificatePem = config.pem(user, 'client-certificate')
  const keyPem = config.pem(user, 'client-key')
  if ((certificatePem === undefined) !== (keyPem === undefined)) throw new Error('user.client-certificate and user.client-key go together')
  const token = config.text(user, 'token')
  const tokenFile = config.text(user, 'tokenFile')
  const path = tokenFile === '' ? undefined : config.path(tokenFile)
  if (path !== undefined) readFileSync(path)
  return {
    ...(certificatePem === undefined || keyPem === undefined ? {} : { certificatePem, keyPem }),
    ...(path !== undefined ? { token: () => readFileSync(path, 'utf8').trim() } : token === '' ? {} : { token: () => token }),
  }
}

class Kubeconfig {
  readonly #file: string
  readonly cluster: JsonObject
  readonly user: JsonObject

  constructor(file: string, document: unknown) {
    this.#file = file
    if (!isObject(document)) throw new Error('it is no object')
    const context = entry(document, 'contexts', 'context', String(document['current-context'] ?? ''))
    this.cluster = entry(document, 'clusters', 'cluster', String(context['cluster'] ?? ''))
    const userName = String(context['user'] ?? '')
    this.user = userName === '' ? {} : entry(document, 'users', 'user', userName)
  }

  text(object: JsonObject, field: string): string {
    const value = object[field] ?? ''
    if (typeof value !== 'string') throw new Error(`${field} must be a string`)
    return value
  }

  path(path: string): string {
    return resolve(dirname(this.#file), path)
  }

  /** FIELD-data, in base64, goes before the file that FIELD names. */
  pem(object: JsonObject, field: string): string | undefined {
    const data = this.text(object, `${field}-data`)
    if (data !== '') {
      const bytes = fromBase64(data)
      if (bytes === undefined) throw new Error(`${field}-data is not base64`)
      return textOf(bytes)
    }
    const path = this.text(object, field)
    return path === '' ? undefined : readFileSync(this.path(path), 'utf8')
  }
}

function entry(document: JsonObject, list: string, field: string, name: string): JsonObject {
  const entries = document[list]
  const found: unknown = Array.isArray(entries) ? entries.find((candidate) => isObject(candidate) && candidate['name'] === name) : undefined
  const inner = isObject(found) ? found[field] : undefined
  if (!isObject(inner)) throw new Error(
    `there is no ${field} ${JSON.stringify(name)} in ${list}${list === 'contexts' ? ' (current-context)' : ''}`
  )
  return inner
}
