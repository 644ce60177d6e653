import { declare, overload } from './declaration.ts'
import type { Library } from './environment.ts'
import { traversal } from './library/standard.ts'
import { noTypes, type ObjectField, type ObjectType, type TypeProvider } from './object-type.ts'
import { jsonField } from './openapi-types.ts'
import { toJson } from './to-json.ts'
import { dynType, stringType } from './types.ts'
import { CelError, JsonMap, ListValue, ObjectValue, type Value } from './values.ts'
import { wrapDyn, wrapOf } from './wrap.ts'

/**
 * The types that expressions of a MutatingAdmissionPolicy build: JSONPatch{op: 'add', path: '/a', value: 1}, and
 * Object{spec: Object.spec{replicas: 3}}, whose names follow the place in the object and which take any field.
 */
export const mutationTypes: TypeProvider = {
  objectType: (name) => {
    if (name === 'JSONPatch') return jsonPatchType
    return name === 'Object' || name.startsWith('Object.') ? placedType(name) : undefined
  },
  namedType: () => undefined,
  constant: () => undefined,
}

const anyField = (name: string): ObjectField => jsonField(name, dynType, wrapDyn)

function placedType(name: string): ObjectType {
  const type: ObjectType = {
    name,
    field: anyField,
    setFields: (source) => Object.keys(source as object),
    create: (fields) => {
      const problems = [...fields].flatMap(([field, value]) => misplaced(value, `${name}.${field}`))
      return problems.length > 0 ? new CelError(problems.join('\n')) : build(type, fields)
    },
    isJson: true,
  }
  return type
}

const MISPLACED = 'unexpected type name '

/** Whether an evaluation has failed because an object was built with the name of another place. */
export function isTypeMismatch(message: string): boolean {
  return message.startsWith(MISPLACED)
}

/** Lists and maps have no names of their own: what is in them is named for the field. */
function misplaced(value: Value, wanted: string): readonly string[] {
  if (value instanceof ObjectValue) {
    const found = value.type.name
    if (found === wanted || (found !== 'Object' && !found.startsWith('Object.'))) return []
    return [`${MISPLACED}"${found}", expected "${wanted}", which matches field name path from root Object type`]
  }
  if (value instanceof ListValue) return value.wrap === undefined ? value.values().flatMap((item) => misplaced(item, wanted)) : []
  if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'map' || value instanceof JsonMap) return []
  return [...value.keys()].flatMap((key) => misplaced(value.get(key) ?? null, wanted))
}

function build(type: ObjectType, fields: ReadonlyMap<string, Value>): Value {
  const source: Record<string, unknown> = {}
  for (const [name, value] of fields) {
    const json = toJson(value)
    if (json instanceof CelError) return json
    Object.defineProperty(source, name, { value: json, enumerable: true, configurable: true, writable: true })
  }
  return new ObjectValue(type, source)
}

const patchFields: ReadonlyMap<string, ObjectField> = new Map([
  ...['op', 'path', 'from'].map((name): [string, ObjectField] => [name, jsonField(name, stringType, wrapOf(stringType, noTypes))]),
  ['value', anyField('value')],
])

const jsonPatchType: ObjectType = {
  name: 'JSONPatch',
  field: (name) => patchFields.get(name),
  setFields: (source) => Object.keys(source as object),
  create: (fields) => build(jsonPatchType, fields),
  isJson: true,
}

/** jsonpatch.escapeKey('a/b') for paths of JSON patches (RFC 6901). */
export const jsonPatchLibrary: Library = {
  name: 'kubernetes.jsonpatch',
  costs: new Map([['jsonpatch.escapeKey', traversal()]]),
  functions: [
    declare('jsonpatch.escapeKey', overload('string_jsonpatch_escapeKey_string', [stringType], stringType, (key: string) => (
      key.replaceAll('~', '~0').replaceAll('/', '~1')
    ))),
  ],
}
