import type { Clock } from '../../words/ports.ts'
import type { Authenticator, User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import { headerKey, headerValue, headerValues } from './header-values.ts'
import { hasEnded } from './shown-certificate.ts'
import { withAuthenticated } from './subjects.ts'

/** Which proxies are believed, and in which headers they say for whom they ask. */
export interface RequestHeaders {
  /** Common names of their certificates; none: every certificate of the proxies' authority. */
  readonly allowedNames: readonly string[]
  readonly usernameHeaders: readonly string[]
  readonly groupHeaders: readonly string[]
  readonly extraPrefixes: readonly string[]
}

/** As this server itself says it to the servers behind it. */
export function requestHeadersOf(allowedNames: readonly string[]): RequestHeaders {
  return { allowedNames, usernameHeaders: ['x-remote-user'], groupHeaders: ['x-remote-group'], extraPrefixes: ['x-remote-extra-'] }
}

/** A proxy that has authenticated the user already. Its certificate is of an authority of its own: the headers of nobody else count. */
export class RequestHeaderAuthenticator implements Authenticator {
  readonly #names: RequestHeaders

  readonly #clock: Clock

  constructor(names: RequestHeaders, clock: Clock) {
    this.#names = names
    this.#clock = clock
  }

  authenticate({ peer, headers }: ServerRequest): User | undefined {
    const { proxyName } = peer
    const { allowedNames, usernameHeaders, groupHeaders } = this.#names
    if (proxyName === undefined || (allowedNames.length > 0 && !allowedNames.includes(proxyName))) return undefined
    if (hasEnded(peer, this.#clock)) return undefined
    const name = usernameHeaders.map((header) => headerValue(headers[header])).find((value) => value !== '')
    if (name === undefined) return undefined
    return {
      name, uid: '', groups: withAuthenticated(groupHeaders.flatMap((header) => headerValues(headers[header]))),
      extra: this.#extraOf(headers),
    }
  }

  #extraOf(headers: ServerRequest['headers']): User['extra'] {
    const extra: Record<string, readonly string[]> = {}
    for (const name in headers) {
      const prefix = this.#names.extraPrefixes.find((candidate) => name.startsWith(candidate))
      if (prefix === undefined) continue
      const key = headerKey(name.slice(prefix.length))
      extra[key] = [...(extra[key] ?? []), ...headerValues(headers[name])]
    }
    return extra
  }
}
