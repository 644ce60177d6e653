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

export function decodeContinue(text: string): ContinueToken {
  const parsed = parse(text)
  if (!isObject(parsed) || parsed['v'] !== TOKEN_VERSION) throw invalidToken('it was not made by this server')
  const { rv, start } = parsed
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv < -1 || rv === 0) throw invalidToken('its revision is not valid')
  if (typeof start !== 'string' || start === '' || start.includes('..')) throw invalidToken('its start is not valid')
  return { revision: rv === -1 ? undefined : rv, start }
}

function parse(text: string): unknown {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/')
  const bytes = fromBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='))
  if (bytes === undefined) throw invalidToken('it is not base64')
  try {
    return JSON.parse(textOf(bytes))
  } catch {
    throw invalidToken('it is not JSON')
  }
}

function invalidToken(why: string): Error {
  return badRequest(`continue key is not valid: ${why}`)
}
