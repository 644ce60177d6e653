import { declare, member, specialized } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { compilePattern, withPattern, type Pattern } from '../pattern.ts'
import { intType, listType, stringType } from '../types.ts'
import { CelError, ListValue, type Value } from '../values.ts'
import { patternCost } from './standard.ts'

function illegal(error: CelError): CelError {
  return new CelError(`Illegal regex: ${error.message}`)
}

function findIn(text: string, pattern: Pattern): string {
  const matcher = pattern.matcher(text)
  return matcher.find() ? matcher.group() ?? '' : ''
}

/** As Go counts: an empty match right behind the one before is none. 'abc'.findAll('b*') is ['', 'b', '']. */
function findAllIn(text: string, pattern: Pattern, limit = -1n): Value {
  const matcher = pattern.matcher(text)
  const found: string[] = []
  let lastEnd = -1
  while ((limit < 0n || found.length < limit) && matcher.find()) {
    if (matcher.end() === matcher.start() && matcher.start() === lastEnd) continue
    found.push(matcher.group() ?? '')
    lastEnd = matcher.end()
  }
  return ListValue.of(found)
}

function find(text: string, pattern: string): Value {
  const compiled = compilePattern(pattern)
  return compiled instanceof CelError ? illegal(compiled) : findIn(text, compiled)
}

function findAll(text: string, pattern: string, limit?: bigint): Value {
  const compiled = compilePattern(pattern)
  return compiled instanceof CelError ? illegal(compiled) : findAllIn(text, compiled, limit)
}

const S = stringType
const findAllCompiled = withPattern(findAllIn, illegal)

/** Kubernetes' find and findAll. */
export const regexLibrary: Library = {
  name: 'kubernetes.regex',
  functions: [
    declare('find', specialized(member('string_find_string', [S, S], S, find), withPattern(findIn, illegal))),
    declare(
      'findAll',
      specialized(member('string_find_all_string', [S, S], listType(S), findAll), findAllCompiled),
      specialized(member('string_find_all_string_int', [S, S, intType], listType(S), findAll), findAllCompiled),
    ),
  ],
  costs: new Map([['find', patternCost], ['findAll', patternCost]]),
}
