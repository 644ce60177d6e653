import { badRequest } from '../words/status-error.ts'

/** metadata.name=a,status.phase!=Running. All terms must hold. */
export interface FieldTerm {
  readonly field: string
  readonly equal: boolean
  readonly value: string
}

export type FieldSelector = readonly FieldTerm[]

const MAX_TERMS = 100

/** Throws StatusError 400. A value may carry '\\', '\,' and '\='. */
export function parseFieldSelector(text: string): FieldSelector {
  const terms: FieldTerm[] = []
  for (const part of splitTerms(text)) {
    if (part === '') continue
    terms.push(parseTerm(part, text))
    if (terms.length > MAX_TERMS) throw badRequest(`a field selector may have at most ${MAX_TERMS} terms`)
  }
  return terms
}

/** At commas that no backslash protects. */
function splitTerms(text: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === ',') {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function parseTerm(part: string, whole: string): FieldTerm {
  const match = /^([^=!]*)(!=|==|=)([^]*)$/.exec(part)
  if (match === null) throw badRequest(`invalid selector: '${whole}'; can't understand '${part}'`)
  const [, field = '', operator, value = ''] = match
  return { field, equal: operator !== '!=', value: unescape(value) }
}

function unescape(value: string): string {
  let text = ''
  for (let index = 0; index < value.length; index++) {
    const character = value.charAt(index)
    if (character === '=' || character === ',') throw badRequest(`invalid field selector: unescaped character in value: ${character}`)
    if (character !== '\\') {
      text += character
      continue
    }
    const next = value.charAt(++index)
    if (next !== '\\' && next !== ',' && next !== '=') throw badRequest(`invalid field selector: invalid escape sequence: \\${next}`)
    text += next
  }
  return text
}

/** get gives the value of a field of the object, as text. */
export function matchesFields(selector: FieldSelector, get: (field: string) => string): boolean {
  return selector.every((term) => (get(term.field) === term.value) === term.equal)
}

export function formatFieldSelector(selector: FieldSelector): string {
  return selector.map((term) => `${term.field}${term.equal ? '=' : '!='}${term.value.replace(/[\\,=]/g, '\\$&')}`).join(',')
}

/** The value that a selector demands of a field: metadata.name=x needs no scan. */
export function requiredValue(selector: FieldSelector, field: string): string | undefined {
  return selector.find((term) => term.field === field && term.equal)?.value
}
