import { declare, member } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { compilePattern } from '../pattern.ts'
import { intType, listType, stringType } from '../types.ts'
import { CelError, ListValue, type Value } from '../values.ts'
import { patternCost } from './standard.ts'

function illegal(error: CelError): CelError {
  return new CelError(`Illegal regex: ${error.message}`)
}

function find(text: string, pattern: string): Value {
  const compiled = compilePattern(pattern)
  if (compiled instanceof CelError) return illegal(compiled)
  const matcher = compiled.matcher(text)
  return matcher.find() ? matcher.group() ?? '' : ''
}

function findAll(text: string, pattern: string, limit = -1n): Value {
  const compiled = compilePattern(pattern)
  if (compiled instanceof CelError) return illegal(compiled)
  const matcher = compiled.matcher(text)
  const found: string[] = []
  while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '')
  return ListValue.of(found)
}

/** Kubernetes' find and findAll. */
export const regexLibrary: Library = {
  name: 'kubernetes.regex',
  functions: [
    declare('find', member('string_find_string', [stringType, stringType], stringType, find)),
    declare(
      'findAll',
      member('string_find_all_string', [stringType, stringType], listType(stringType), findAll),
      member('string_find_all_string_int', [stringType, stringType, intType], listType(stringType), findAll),
    ),
  ],
  costs: new Map([['find', patternCost], ['findAll', patternCost]]),
}
