import { parseJson } from '../objects/json-text.ts'
import { isObject } from '../objects/json.ts'
import type { Secret } from '../resources/generated/types.ts'
import { fromBase64, textOf } from '../words/bytes.ts'
import type { RegistryCredentials } from './runtime.ts'

/** The credentials in pull secrets that are meant for the image's registry, the closest match first. */
export function imageCredentials(image: string, secrets: readonly (Secret | undefined)[]): RegistryCredentials[] {
  const target = imageAddress(image)
  const found: { readonly prefix: string; readonly credentials: RegistryCredentials }[] = []
  for (const secret of secrets) {
    for (const [address, entry] of Object.entries(registriesIn(secret))) {
      const prefix = addressOf(address)
      const credentials = credentialsIn(entry)
      if (credentials !== undefined && matches(prefix, target)) found.push({ prefix, credentials })
    }
  }
  return found.sort((a, b) => b.prefix.length - a.prefix.length).map(({ credentials }) => credentials)
}

const DEFAULT_REGISTRY = 'index.docker.io'

/** nginx -> index.docker.io/library/nginx, 127.0.0.1:5000/web:1 -> 127.0.0.1:5000/web */
function imageAddress(image: string): string {
  const [name = ''] = image.split('@')
  const [first = '', ...rest] = name.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const path = (hasHost ? rest : [...(rest.length === 0 ? ['library'] : []), first, ...rest]).join('/').replace(/:[^/]*$/, '')
  const host = !hasHost || first === 'docker.io' ? DEFAULT_REGISTRY : first
  return `${host}/${path}`
}

/** Without scheme, trailing slash and the old /v1/ and /v2/ of such files. */
function addressOf(key: string): string {
  const address = key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, '')
  return address === 'docker.io' ? DEFAULT_REGISTRY : address
}

function matches(prefix: string, target: string): boolean {
  const [prefixHost = '', ...prefixPath] = prefix.split('/')
  const [targetHost = '', ...targetPath] = target.split('/')
  const prefixLabels = prefixHost.split('.')
  const targetLabels = targetHost.split('.')
  const isAlike = prefixLabels.every((label, at) => label === '*' || label === targetLabels[at])
  const sameHost = prefixLabels.length === targetLabels.length && isAlike
  return sameHost && targetPath.join('/').startsWith(prefixPath.join('/'))
}

function registriesIn(secret: Secret | undefined): Readonly<Record<string, unknown>> {
  const modern = parsed(secret?.data?.['.dockerconfigjson'])
  if (isObject(modern?.['auths'])) return modern['auths']
  return parsed(secret?.data?.['.dockercfg']) ?? {}
}

function parsed(base64: string | undefined): Readonly<Record<string, unknown>> | undefined {
  const bytes = base64 === undefined ? undefined : fromBase64(base64)
  if (bytes === undefined) return undefined
  try {
    const value: unknown = parseJson(textOf(bytes))
    return isObject(value) ? value : undefined
  } catch {
    // A secret that is no JSON holds no credentials; the registry's own refusal is what the user sees.
    return undefined
  }
}

function credentialsIn(entry: unknown): RegistryCredentials | undefined {
  if (!isObject(entry)) return undefined
  const { username, password, auth } = entry
  if (typeof username === 'string' && typeof password === 'string' && username !== '') return { userName: username, password }
  const bytes = typeof auth === 'string' ? fromBase64(auth) : undefined
  if (bytes === undefined) return undefined
  const text = textOf(bytes)
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { userName: text.slice(0, colon), password: text.slice(colon + 1) }
}
