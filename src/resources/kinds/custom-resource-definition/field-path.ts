import type { JSONSchemaProps } from '../../generated/types.ts'
import { additionalOf } from './json-schema.ts'

/** What a path like .spec.size or .labels['a.b'] leads to. */
export type FoundField = { readonly steps: readonly string[]; readonly schema: JSONSchemaProps } | { readonly error: string }

const TOKEN = /\.|\[|\]|'(?:[^'\\]|\\.)*'|[^.[\]']+/gy

/** Follows the dots and brackets of a path through a schema; brackets name fields and keys of maps in single quotes. */
export function findField(path: string, root: JSONSchemaProps, notation: 'brackets' | 'dots-only'): FoundField {
  const tokens = path.match(TOKEN) ?? []
  if (tokens.join('') !== path) return { error: 'does not refer to a valid field' }
  const steps: string[] = []
  let schema: JSONSchemaProps | undefined = root
  for (let index = 0; index < tokens.length;) {
    const token = tokens[index]
    const name = tokens[index + 1]
    if (token === '.') {
      if (name === undefined) return { error: 'unexpected end of JSON path' }
      if (name === '[' || name === ']' || name === '.') return { error: `expected name but got ${name}` }
      steps.push(name)
      schema = schema.properties?.[name]
      index += 2
    } else if (token === '[' && notation === 'brackets') {
      if (name === undefined) return { error: 'unexpected end of JSON path' }
      if (!name.startsWith("'") || name.length < 2) return { error: `expected single quoted string but got ${name}` }
      if (tokens[index + 2] !== ']') return { error: `expected ] but got ${tokens[index + 2] ?? 'the end'}` }
      const key = name.slice(1, -1).replaceAll(/\\(.)/g, '$1')
      steps.push(key)
      schema = schema.properties?.[key] ?? additionalOf(schema)
      index += 3
    } else return { error: token === '[' ? 'array notation is not allowed' : `expected [ or . but got: ${token}` }
    if (schema === undefined) return { error: 'does not refer to a valid field' }
  }
  return { steps, schema }
}
