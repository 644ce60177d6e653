import { isObject } from '../../objects/json.ts'
import type { Revision } from '../../store/store.ts'
import { fromBase64, textOf, toBase64, utf8 } from '../../words/bytes.ts'
import { badRequest } from '../../words/status-error.ts'

/** Where a list goes on. Opaque to clients; the form is that of upstream's tokens. */
export interface ContinueToken {
  /** The revision of the first page; undefined: the newest, because the first page's is gone (an inconsistent list). */
  readonly revision: Revision | undefined
  /** The key to go on from, relative to the resource's prefix. */
  readonly start: string
}

const TOKEN_VERSION = 'meta.k8s.io/v1'

export function encodeContinue(token: ContinueToken): string {
  const json = JSON.stringify({ v: TOKEN_VERSION, rv: token.revision ?? -1, start: token.start })
  return toBase64(utf8(json)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** Refused in the words that upstream's clients know. */
export function decodeContinue(text: string): ContinueToken {
  const parsed = parse(text)
  if (!isObject(parsed)) throw invalidToken('the token is no object')
  const { v: version, rv, start } = parsed
  if (version !== TOKEN_VERSION) {
    throw invalidToken(`server does not recognize this encoded version ${typeof version === 'string' ? version : ''}`)
  }
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0) {
    throw invalidToken('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  }
  if (typeof start !== 'string' || start === '') throw invalidToken('encoded start key empty (version meta.k8s.io/v1)')
  // A path that leads out of the resource, or only takes a longer way to where it leads.
  const relative = start.replace(/^\//, '')
  if (relative.split('/').some((part) => part === '' || part === '.' || part === '..')) throw invalidToken(start)
  return { revision: rv < 0 ? undefined : rv, start: relative }
}

function parse(text: string): unknown {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/')
  const bytes = fromBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='))
  if (bytes === undefined || /[+/=]/.test(text)) throw invalidToken(`illegal base64 data at input byte ${illegalAt(text)}`)
  try {
    return JSON.parse(textOf(bytes))
  } catch {
    throw invalidToken('the token is no JSON')
  }
}

/** The first character that is none of base64's, or the last group where that is cut short. */
function illegalAt(text: string): number {
  const at = text.search(/[^A-Za-z0-9_-]/)
  return at >= 0 ? at : text.length - text.length % 4
}

function invalidToken(why: string): Error {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`)
}
