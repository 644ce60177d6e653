import type { JsonObject } from '../../../objects/json.ts'
import type { Program } from '../../../policy/cel/program.ts'
import type { User } from '../../access.ts'
import { CREDENTIAL_ID, withAuthenticated } from '../subjects.ts'
import { evaluate, type Evaluated } from './claim-expressions.ts'

/** Where a part of the user comes from: a claim as it is, or an expression over all of them. */
export type ClaimSource =
  | { readonly from: 'claim'; readonly claim: string; readonly prefix: string }
  | { readonly from: 'expression'; readonly program: Program }

export type ClaimRule =
  | { readonly from: 'claim'; readonly claim: string; readonly requiredValue: string }
  | { readonly from: 'expression'; readonly program: Program; readonly message: string }

/** How the claims of one issuer become a user. */
export interface ClaimMapping {
  readonly rules: readonly ClaimRule[]
  readonly username: ClaimSource
  readonly groups: ClaimSource | undefined
  readonly uid: ClaimSource | undefined
  readonly extra: readonly { readonly key: string; readonly program: Program }[]
  readonly userRules: readonly { readonly program: Program; readonly message: string }[]
}

export type Mapped = { readonly ok: true; readonly user: User } | { readonly ok: false; readonly why: string }

class ClaimError extends Error {
  override readonly name = 'ClaimError'
}

/** The user of claims whose signature was found good. Why not is told by the names of claims, never by their values. */
export function userOfToken(mapping: ClaimMapping, claims: JsonObject): Mapped {
  try {
    const user = mappedUser(mapping, claims)
    for (const rule of mapping.rules) checkRule(rule, claims)
    for (const { program, message } of mapping.userRules) {
      const input = { user: { username: user.name, uid: user.uid, groups: user.groups, extra: user.extra } }
      requireTrue(evaluate(program, input), `user validation rule ${JSON.stringify(program.text)}`, message)
    }
    return { ok: true, user }
  } catch (error) {
    if (error instanceof ClaimError) return { ok: false, why: `oidc: ${error.message}` }
    throw error
  }
}

function mappedUser(mapping: ClaimMapping, claims: JsonObject): User {
  const name = usernameOf(mapping.username, claims)
  if (name === '') throw new ClaimError('the username is empty')
  const extra: Record<string, readonly string[]> = {}
  const { jti } = claims
  if (typeof jti === 'string' && jti !== '') extra[CREDENTIAL_ID] = [`JTI=${jti}`]
  for (const { key, program } of mapping.extra) {
    const values = listOf(valueOf(evaluate(program, { claims }), `extra ${key}`), `extra ${key}`)
    if (values.length > 0) extra[key] = values
  }
  return {
    name, uid: mapping.uid === undefined ? '' : textIn(mapping.uid, claims, 'uid'),
    groups: withAuthenticated(mapping.groups === undefined ? [] : groupsOf(mapping.groups, claims)), extra,
  }
}

/** An address of mail that nobody has verified could be anybody's. */
function usernameOf(source: ClaimSource, claims: JsonObject): string {
  if (source.from === 'claim' && source.claim === 'email' && claims['email_verified'] !== undefined) {
    if (typeof claims['email_verified'] !== 'boolean') throw new ClaimError('parse \'email_verified\' claim: it is no boolean')
    if (!claims['email_verified']) throw new ClaimError('email not verified')
  }
  return textIn(source, claims, 'username')
}

function textIn(source: ClaimSource, claims: JsonObject, what: string): string {
  if (source.from === 'expression') {
    const value = valueOf(evaluate(source.program, { claims }), what)
    if (typeof value !== 'string') throw new ClaimError(`error evaluating ${what} claim expression: it gives no string`)
    return value
  }
  const value = claims[source.claim]
  if (value === undefined) throw new ClaimError(`parse ${what} claims ${JSON.stringify(source.claim)}: claim not present`)
  if (typeof value !== 'string') throw new ClaimError(`parse ${what} claims ${JSON.stringify(source.claim)}: it is no string`)
  return value === '' ? '' : `${source.prefix}${value}`
}

function groupsOf(source: ClaimSource, claims: JsonObject): readonly string[] {
  if (source.from === 'expression') return listOf(valueOf(evaluate(source.program, { claims }), 'groups'), 'groups')
  const value = claims[source.claim]
  if (value === undefined) return []
  return listOf(value, `groups claim ${JSON.stringify(source.claim)}`).map((group) => `${source.prefix}${group}`)
}

/** One text is a list of one; nothing, an empty text and an empty list are nothing. */
function listOf(value: unknown, what: string): readonly string[] {
  const items: readonly unknown[] = value === null || value === undefined ? [] : Array.isArray(value) ? value : [value]
  return items.flatMap((item) => {
    if (typeof item !== 'string') throw new ClaimError(`${what}: it is neither a string nor a list of strings`)
    return item === '' ? [] : [item]
  })
}

function checkRule(rule: ClaimRule, claims: JsonObject): void {
  if (rule.from === 'expression') {
    return requireTrue(evaluate(rule.program, { claims }), `validation expression ${JSON.stringify(rule.program.text)}`, rule.message)
  }
  const value = claims[rule.claim]
  if (value === undefined) throw new ClaimError(`required claim ${rule.claim} not present in ID token`)
  if (typeof value !== 'string') throw new ClaimError(`parse claim ${rule.claim}: it is no string`)
  if (value !== rule.requiredValue) throw new ClaimError(`required claim ${rule.claim} value does not match`)
}

function valueOf(result: Evaluated, what: string): unknown {
  if (!result.ok) throw new ClaimError(`error evaluating ${what} claim expression: ${result.why}`)
  return result.value
}

function requireTrue(result: Evaluated, what: string, message: string): void {
  if (!result.ok) throw new ClaimError(`error evaluating ${what}: ${result.why}`)
  if (result.value !== true) throw new ClaimError(`${what} failed${message === '' ? '' : `: ${message}`}`)
}
