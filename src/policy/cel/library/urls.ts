import { declare, member, overload, type FunctionDeclaration } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { boolType, listType, mapType, opaqueType, stringType } from '../types.ts'
import { CelError, EntryMap, ListValue, type OpaqueValue, type Value } from '../values.ts'
import { traversal } from './standard.ts'
import { hostnameOf, parseUrl, portOf, queryOf, type UrlParts } from './url-parts.ts'

const TYPE_NAME = 'kubernetes.URL'
const urlType = opaqueType(TYPE_NAME)

class UrlValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName = TYPE_NAME
  readonly text: string
  readonly parts: UrlParts

  constructor(text: string, parts: UrlParts) {
    this.text = text
    this.parts = parts
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && other.text === this.text
  }
}

function parse(text: string): Value {
  const parts = parseUrl(text)
  if (!('error' in parts)) return new UrlValue(text, parts)
  return new CelError(`URL parse error during conversion from string: parse ${JSON.stringify(text.slice(0, 200))}: ${parts.error}`)
}

function getter(name: string, id: string, read: (parts: UrlParts) => string): FunctionDeclaration {
  return declare(name, member(id, [urlType], stringType, ({ parts }: UrlValue) => read(parts)))
}

function query({ parts }: UrlValue): Value {
  return EntryMap.of([...queryOf(parts.query)].map(([key, values]) => [key, ListValue.of(values)]))
}

/** URLs: url('https://example.com:80/path').getPort(). */
export const urlsLibrary: Library = {
  name: 'kubernetes.urls',
  types: new Map([[TYPE_NAME, urlType]]),
  functions: [
    declare('url', overload('string_to_url', [stringType], urlType, parse)),
    declare('isURL', overload('is_url_string', [stringType], boolType, (text: string) => !('error' in parseUrl(text)))),
    getter('getScheme', 'url_get_scheme', (parts) => parts.scheme),
    getter('getHost', 'url_get_host', (parts) => parts.host),
    getter('getHostname', 'url_get_hostname', (parts) => hostnameOf(parts.host)),
    getter('getPort', 'url_get_port', (parts) => portOf(parts.host)),
    getter('getEscapedPath', 'url_get_escaped_path', (parts) => parts.escapedPath),
    declare('getQuery', member('url_get_query', [urlType], mapType(stringType, listType(stringType)), query)),
  ],
  costs: new Map([['url', traversal()]]),
}
