import { declare, overload } from './declaration.ts'
import type { Library } from './environment.ts'
import { traversal } from './library/standard.ts'
import { noTypes, type ObjectField, type ObjectType, type TypeProvider } from './object-type.ts'
import { jsonField } from './openapi-types.ts'
import { toJson } from './to-json.ts'
import { dynType, stringType } from './types.ts'
import { CelError, ObjectValue, type Value } from './values.ts'
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
      for (const [field, value] of fields) {
        const wanted = `${name}.${field}`
        if (value instanceof ObjectValue && value.type.name !== wanted) {
          const found = value.type.name
          return new CelError(`unexpected type name "${found}", expected "${wanted}", which matches field name path from root Object type`)
        }
      }
      return build(type, fields)
    },
    isJson: true,
  }
  return type
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
