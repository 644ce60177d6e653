/** A URL as Go's net/url takes it apart: an absolute URI or an absolute path. */
export interface UrlParts {
  readonly scheme: string
  /** With port; IPv6 addresses in brackets. */
  readonly host: string
  readonly escapedPath: string
  readonly query: string
}

const AUTHORITY = /^\/\/([^/]*)(.*)$/s
const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):/
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/
const WRONG_ESCAPE = /%(?![0-9a-fA-F]{2})/

/** What is wrong, or the parts. The fragment is cut off first, as url.Parse does and url.ParseRequestURI does not. */
export function parseUrl(text: string): UrlParts | { readonly error: string } {
  if (text === '') return { error: 'empty url' }
  if (CONTROL.test(text)) return { error: 'net/url: invalid control character in URL' }
  const withoutFragment = text.split('#', 1)[0] ?? ''
  const scheme = SCHEME.exec(withoutFragment)?.[1]?.toLowerCase() ?? ''
  if (withoutFragment.startsWith(':')) return { error: 'missing protocol scheme' }
  const rest = scheme === '' ? withoutFragment : withoutFragment.slice(scheme.length + 1)
  const question = rest.indexOf('?')
  const beforeQuery = question === -1 ? rest : rest.slice(0, question)
  const query = question === -1 ? '' : rest.slice(question + 1)
  if (!beforeQuery.startsWith('/')) {
    return scheme === '' ? { error: 'invalid URI for request' } : { scheme, host: '', escapedPath: '', query }
  }
  const authority = scheme === '' ? null : AUTHORITY.exec(beforeQuery)
  const path = authority === null ? beforeQuery : authority[2] ?? ''
  const host = parseAuthority(authority?.[1] ?? '')
  if (typeof host !== 'string') return host
  const wrong = WRONG_ESCAPE.exec(path)
  if (wrong !== null) return { error: `invalid URL escape ${JSON.stringify(path.slice(wrong.index, wrong.index + 3))}` }
  return { scheme, host, escapedPath: escapePath(path), query }
}

function parseAuthority(authority: string): string | { error: string } {
  const at = authority.lastIndexOf('@')
  const user = at === -1 ? '' : authority.slice(0, at)
  const host = authority.slice(at + 1)
  if (user !== '' && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) return { error: 'net/url: invalid userinfo' }
  const port = host.startsWith('[') ? host.slice(host.lastIndexOf(']') + 1) : host.includes(':') ? host.slice(host.lastIndexOf(':')) : ''
  if (host.startsWith('[') && !host.includes(']')) return { error: "missing ']' in host" }
  if (port !== '' && !/^:\d*$/.test(port)) return { error: `invalid port ${JSON.stringify(port)} after host` }
  const wrong = /[^A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.exec(host)
  if (wrong !== null) return { error: `invalid character ${JSON.stringify(wrong[0])} in host name` }
  return WRONG_ESCAPE.test(host) ? { error: 'invalid URL escape in host name' } : host
}

/** Left as it is where every character may stand in a path; escaped anew otherwise. */
function escapePath(path: string): string {
  if (/^[A-Za-z0-9\-._~!$&'()*+,;=:@[\]/%]*$/.test(path)) return path
  const plain = decode(path) ?? path
  return encodeURIComponent(plain.toWellFormed())
    .replace(/%(?:24|26|2B|2C|2F|3A|3B|3D|40)/g, decodeURIComponent)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** example.com:80 -> example.com; [::1]:80 -> ::1 */
export function hostnameOf(host: string): string {
  const bare = host.replace(/:\d*$/, (port) => (host.startsWith('[') || host.indexOf(':') === host.length - port.length ? '' : port))
  return bare.startsWith('[') && bare.endsWith(']') ? bare.slice(1, -1) : bare
}

export function portOf(host: string): string {
  const match = /:(\d*)$/.exec(host)
  return match === null || (host.startsWith('[') && host.endsWith(']')) ? '' : match[1] ?? ''
}

/** The parameters; a name may come several times. Parts that cannot be read are left out. */
export function queryOf(query: string): Map<string, string[]> {
  const parameters = new Map<string, string[]>()
  for (const part of query.split('&')) {
    if (part === '' || part.includes(';')) continue
    const equals = part.indexOf('=')
    const key = decode((equals === -1 ? part : part.slice(0, equals)).replaceAll('+', ' '))
    const value = decode((equals === -1 ? '' : part.slice(equals + 1)).replaceAll('+', ' '))
    if (key === undefined || value === undefined) continue
    const values = parameters.get(key)
    if (values === undefined) parameters.set(key, [value])
    else values.push(value)
  }
  return parameters
}
