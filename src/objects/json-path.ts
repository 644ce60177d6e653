import { integerOf } from './json-text.ts'
import { isObject, type Integer } from './json.ts'

/**
 * The JSON paths of printer columns, scale subresources and selectable fields, as kubectl reads them:
 *   .spec.replicas   .metadata.labels['a.b/c']   .metadata.labels.a\.b/c   .spec.parts[*].name   .spec.parts[-1:]
 *   .status.conditions[?(@.type=="Ready")].status
 */
export interface JsonPath {
  readonly source: string
  /** All that the path leads to, in order. */
  find(value: unknown): readonly unknown[]
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

/** Undefined where the text is no path. Braces around it may be left out, and the dot at its start. */
export function jsonPath(source: string): JsonPath | undefined {
  const inner = /^\{(.*)\}$/s.exec(source)?.[1] ?? source
  const steps = inner.length > MAX_LENGTH ? undefined : stepsOf(inner.startsWith('$') ? inner.slice(1) : inner)
  return steps === undefined ? undefined : { source, find: (value) => walk(steps, [value]) }
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

function walk(steps: readonly Step[], from: readonly unknown[]): readonly unknown[] {
  let values = from
  for (const step of steps) values = values.flatMap((value) => next(step, value))
  return values
}

function next(step: Step, value: unknown): readonly unknown[] {
  switch (step.type) {
    case 'field': return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : []
    case 'every': return children(value)
    case 'deep': return [value, ...children(value).flatMap((child) => next(step, child))]
    case 'index': return Array.isArray(value) && step.index < value.length && step.index >= -value.length ? [value.at(step.index)] : []
    case 'slice': return Array.isArray(value) ? value.slice(step.start, step.end) : []
    case 'filter': return Array.isArray(value) ? value.filter((item) => passes(step, item)) : []
  }
}

function children(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []
}

function passes({ path, operator, operand }: Step & { type: 'filter' }, item: unknown): boolean {
  const found = walk(path, [item])
  if (operator === 'exists') return found.length > 0
  const [value] = found
  if (found.length === 0) return false
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
