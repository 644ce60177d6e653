import { CLAIM_SEPARATOR } from '../apiserver/access/header-values.ts'
import type { Peer } from '../apiserver/http.ts'

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

const CLAIM = /^(?:impersonate-|x-remote-)/

/**
 * Headers that say who somebody is, each with all its lines kept apart. Node joins the lines of a header by a comma and a blank, which may
 * be part of a name: a group called "x, system:masters" would be two. raw: names and values in turn, as they came.
 */
export function withRepeatedClaims(headers: Headers, raw: readonly string[], peer: Peer): Headers {
  if (headers['impersonate-user'] === undefined && peer.proxyName === undefined) return headers
  const claims: Record<string, string> = {}
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? ''
    if (!CLAIM.test(name)) continue
    const [before, value] = [claims[name], raw[index + 1] ?? '']
    claims[name] = before === undefined ? value : `${before}${CLAIM_SEPARATOR}${value}`
  }
  return { ...headers, ...claims }
}
