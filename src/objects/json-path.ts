import { integerOf } from './json-text.ts'
import { isObject, type Integer } from './json.ts'

/**
 * The JSON paths of printer columns, scale subresources and selectable fields, as kubectl reads them:
 *   .spec.replicas   .metadata.labels['a.b/c']   .metadata.labels.a\.b/c   .spec.parts[*].name   .spec.parts[-1:]
 *   .status.conditions[?(@.type=="Ready")].status
 */
export interface JsonPath {
  readonly source: string
  /** All that the path leads to, in order: as far as somebody asks, and as far as can be found soon. */
  find(value: unknown): Iterable<unknown>
}

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'every' }
  | { readonly type: 'deep' }
  | { readonly type: 'slice'; readonly start: number; readonly end: number | undefined }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'filter'; readonly path: readonly Step[]; readonly operator: string; readonly operand: unknown }

// .name (with \. in it), ..name, .*, [*], ['name'], ["name"], [1], [1:2], [?(@.path op literal)]
const FIELD = /\.?((?:[^.[\]\\]|\\.)+)|\['([^']*)'\]|\["([^"]*)"\]/
const PLACE = /\[(-?\d+)\]|\[(-?\d*):(-?\d*)\]/
const FILTER = /\[\?\(@([^=!<>~)]*?)\s*(?:(==|!=|<=|>=|<|>)\s*('[^']*'|"[^"]*"|[^)\s]+))?\s*\)\]/
const TOKENS = new RegExp(`\\.\\.|\\.?\\*|\\[\\*\\]|${FIELD.source}|${PLACE.source}|${FILTER.source}`, 'gy')
const MAX_LENGTH = 1_000
/** Several .. in one path lead to each place in many ways: ..a..a..a..a has millions of them in an object that is deep enough. */
const MAX_VISITS = 10_000
/** To list the fields of an object takes time too. */
const FIELDS_PER_VISIT = 64

interface Budget {
  visits: number
}

/** Undefined where the text is no path. Braces around it may be left out, and the dot at its start. */
export function jsonPath(source: string): JsonPath | undefined {
  const inner = /^\{(.*)\}$/s.exec(source)?.[1] ?? source
  const steps = inner.length > MAX_LENGTH ? undefined : stepsOf(inner.startsWith('$') ? inner.slice(1) : inner)
  return steps === undefined ? undefined : { source, find: (value) => walk(steps, 0, value, { visits: MAX_VISITS }) }
}

function stepsOf(text: string): Step[] | undefined {
  const steps: Step[] = []
  let end = 0
  for (const match of text.matchAll(TOKENS)) {
    const step = stepOf(match)
    if (step === undefined) return undefined
    steps.push(step)
    end = match.index + match[0].length
  }
  return end === text.length ? steps : undefined
}

function stepOf([whole, name, single, double, index, start, end, path, operator, operand]: RegExpExecArray): Step | undefined {
  if (whole === '..') return { type: 'deep' }
  if (whole === '*' || whole === '.*' || whole === '[*]') return { type: 'every' }
  const field = name?.replace(/\\(.)/g, '$1') ?? single ?? double
  if (field !== undefined) return { type: 'field', name: field }
  if (index !== undefined) return { type: 'index', index: Number(index) }
  if (path === undefined) return { type: 'slice', start: Number(start ?? 0), end: (end ?? '') === '' ? undefined : Number(end) }
  const inner = stepsOf(path)
  return inner === undefined ? undefined : { type: 'filter', path: inner, operator: operator ?? 'exists', operand: literal(operand ?? '') }
}

function literal(text: string): unknown {
  if (/^['"]/.test(text)) return text.slice(1, -1)
  if (text === 'null') return null
  if (text === 'true' || text === 'false') return text === 'true'
  return Number.isNaN(Number(text)) ? text : (integerOf(text) ?? Number(text))
}

/** Goes down one way after the other, so that who wants the first finding pays for no other. */
function* walk(steps: readonly Step[], at: number, value: unknown, budget: Budget): Iterable<unknown> {
  const step = steps[at]
  if (step === undefined) return yield value
  if (step.type === 'deep') yield* walk(steps, at + 1, value, budget)
  const next = step.type === 'deep' ? at : at + 1
  for (const below of from(step, value, budget)) {
    if (--budget.visits < 0) return
    yield* walk(steps, next, below, budget)
  }
}

function from(step: Step, value: unknown, budget: Budget): Iterable<unknown> {
  switch (step.type) {
    case 'field': return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : []
    case 'every': case 'deep': return children(value, budget)
    case 'index': return Array.isArray(value) && step.index < value.length && step.index >= -value.length ? [value.at(step.index)] : []
    case 'slice': return Array.isArray(value) ? value.slice(step.start, step.end) : []
    case 'filter': return Array.isArray(value) ? passing(step, value, budget) : []
  }
}

function children(value: unknown, budget: Budget): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (!isObject(value)) return []
  const values = Object.values(value)
  budget.visits -= Math.floor(values.length / FIELDS_PER_VISIT)
  return values
}

function* passing(step: Step & { type: 'filter' }, items: readonly unknown[], budget: Budget): Iterable<unknown> {
  for (const item of items) if (passes(step, item, budget)) yield item
}

function passes({ path, operator, operand }: Step & { type: 'filter' }, item: unknown, budget: Budget): boolean {
  const found = walk(path, 0, item, budget)[Symbol.iterator]().next()
  if (found.done === true) return false
  if (operator === 'exists') return true
  const { value } = found
  if (operator === '==') return value === operand
  if (operator === '!=') return value !== operand
  if (typeof value === 'string') return typeof operand === 'string' && isOrdered(value, operator, operand)
  return isNumber(value) && isNumber(operand) && isOrdered(value, operator, operand)
}

function isOrdered(value: string | Integer, operator: string, other: string | Integer): boolean {
  return operator === '<' ? value < other : operator === '<=' ? value <= other : operator === '>' ? value > other : value >= other
}

function isNumber(value: unknown): value is Integer {
  return typeof value === 'number' || typeof value === 'bigint'
}
