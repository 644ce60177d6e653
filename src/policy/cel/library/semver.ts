import { declare, member, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { boolType, intType, opaqueType, stringType } from '../types.ts'
import { CelError, isInt, type OpaqueValue, type Value } from '../values.ts'
import { traversal } from './standard.ts'

const TYPE_NAME = 'kubernetes.Semver'
const semverType = opaqueType(TYPE_NAME)

const NUMBER = '(?:0|[1-9]\\d*)'
const LABEL = `(?:${NUMBER}|\\d*[a-zA-Z-][0-9a-zA-Z-]*)`
const BUILD = '(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?'
const SEMVER = new RegExp(`^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${LABEL}(?:\\.${LABEL})*))?${BUILD}$`)
const MAX_CHARACTERS = 256

/** A version of semver.org; what follows a plus sign does not count. */
class SemverValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName = TYPE_NAME
  /** major, minor, patch */
  readonly numbers: readonly bigint[]
  readonly labels: readonly string[]

  constructor(numbers: readonly bigint[], labels: readonly string[]) {
    this.numbers = numbers
    this.labels = labels
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof SemverValue && compare(this, other) === 0
  }
}

function parse(text: string): SemverValue | CelError {
  const match = text.length > MAX_CHARACTERS ? null : SEMVER.exec(text)
  if (match === null) return new CelError(`invalid semantic version ${JSON.stringify(text.slice(0, 60))}`)
  const numbers = match.slice(1, 4).map(BigInt)
  if (!numbers.every(isInt)) return new CelError(`semantic version ${JSON.stringify(text.slice(0, 60))} has a number out of range`)
  return new SemverValue(numbers, match[4]?.split('.') ?? [])
}

/** v1.02 as 1.2.0: without the v, without leading zeros, with what is missing. */
function normalized(text: string): string {
  const parts = text.replace(/^v/, '').split('.')
  const [major = '', minor, ...rest] = parts
  const patch = rest.length === 0 ? undefined : rest.join('.')
  const all = [major, minor, patch].filter((part) => part !== undefined).map((part) => part.replace(/^0+(?=\d)/, ''))
  const isShortWithLabels = all.length < 3 && /[+-]/.test(all.at(-1) ?? '')
  while (all.length < 3 && !isShortWithLabels) all.push('0')
  return all.join('.')
}

function compare(a: SemverValue, b: SemverValue): number {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index] ?? 0n
    if (number !== other) return number < other ? -1 : 1
  }
  return compareLabels(a.labels, b.labels)
}

/** A version without labels is later than one with them; numbers come before names. */
function compareLabels(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Math.sign(Number(a.length === 0) - Number(b.length === 0))
  for (const [index, label] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    const order = compareLabel(label, other)
    if (order !== 0) return order
  }
  return a.length < b.length ? -1 : 0
}

function compareLabel(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (left !== right) return left ? -1 : 1
  if (left) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0
  return a < b ? -1 : a > b ? 1 : 0
}

function part(name: string, index: number): ReturnType<typeof declare> {
  return declare(name, member(`semver_${name}`, [semverType], intType, (version: SemverValue) => version.numbers[index] ?? 0n))
}

function parseWith(text: string, normalize: boolean): Value {
  return parse(normalize ? normalized(text) : text)
}

const V = semverType

/** Semantic versions: semver('1.2.3').isLessThan(semver('1.10.0')). */
export const semverLibrary: Library = {
  name: 'kubernetes.Semver',
  types: new Map([[TYPE_NAME, semverType]]),
  functions: [
    declare(
      'semver',
      overload('string_to_semver', [stringType], V, parse),
      overload('string_bool_to_semver', [stringType, boolType], V, parseWith),
    ),
    declare(
      'isSemver',
      overload('is_semver_string', [stringType], boolType, (text: string) => parse(text) instanceof SemverValue),
      overload('is_semver_string_bool', [stringType, boolType], boolType, (text: string, normalize: boolean) => (
        parseWith(text, normalize) instanceof SemverValue
      )),
    ),
    declare('isGreaterThan', member('semver_is_greater_than', [V, V], boolType, (a: SemverValue, b: SemverValue) => compare(a, b) > 0)),
    declare('isLessThan', member('semver_is_less_than', [V, V], boolType, (a: SemverValue, b: SemverValue) => compare(a, b) < 0)),
    declare('compareTo', member('semver_compare_to', [V, V], intType, (a: SemverValue, b: SemverValue) => BigInt(compare(a, b)))),
    part('major', 0),
    part('minor', 1),
    part('patch', 2),
  ],
  costs: new Map([['semver', traversal()], ['isSemver', traversal()]]),
}
