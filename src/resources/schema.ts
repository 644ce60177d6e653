import type { Field, ListSchema, ObjectSchema, ScalarType, Schema } from '../objects/schema.ts'
import { schemaTables } from './generated/schema-tables.ts'
import { omitsEmpty } from './unset-values.ts'

const SCALARS: ReadonlySet<string> = new Set<ScalarType>([
  'string', 'boolean', 'int32', 'int64', 'double', 'quantity', 'int-or-string', 'time', 'micro-time', 'bytes',
])

/** any=apiextensions.v1.JSONSchemaProps: anything, and where it is an object it is that. */
const MIXED = 'any='

// name[*]:type[#number][@list][+merge[=key]][+retain]
const FIELD = /^([^:*]+)(\*?):([^#@+]+)(?:#(\d+))?(?:@([^+]+))?((?:\+[^+]+)*)$/

/** The schemas of one API, compiled from the tables as they are asked for: a definition costs nothing until its first use. */
export class SchemaCatalog {
  readonly #compiled = new Map<string, ObjectSchema>()
  readonly #tables: Readonly<Record<string, string>>

  constructor(tables: Readonly<Record<string, string>> = schemaTables) {
    this.#tables = tables
  }

  /** core.v1.Pod -> its fields; undefined where there is no such definition. */
  lookup = (name: string): ObjectSchema | undefined => {
    const known = this.#compiled.get(name)
    if (known !== undefined) return known
    const line = this.#tables[name]
    if (line === undefined) return undefined
    const compiled = this.#compile(name, line)
    this.#compiled.set(name, compiled)
    return compiled
  }

  names(): readonly string[] {
    return Object.keys(this.#tables)
  }

  /** The fields are compiled on first use too: definitions refer to each other, some to themselves. */
  #compile(name: string, line: string): ObjectSchema {
    const atomic = line.startsWith('! ')
    const words = (atomic ? line.slice(2) : line).split(' ')
    return new CompiledSchema(name, atomic, () => new Map(words.map((word) => this.#field(name, word))))
  }

  #field(definition: string, word: string): [string, Field] {
    const match = FIELD.exec(word)
    if (match === null) throw new Error(`schema table ${definition}: cannot read the field ${word}`)
    const [, name = '', star, type = '', number, list, marks = ''] = match
    const required = star === '*'
    const schema = this.#schema(type, list)
    const merge = /\+merge(?:=([^+]+))?/.exec(marks)
    return [name, {
      schema,
      required,
      merge: merge !== null,
      mergeKey: merge?.[1],
      retainKeys: marks.includes('+retain'),
      omitsEmpty: !required && omitsEmpty(name, schema),
      number: Number(number ?? 0),
    }]
  }

  #schema(type: string, list: string | undefined): Schema {
    if (type.startsWith('[]')) return listSchema(this.#schema(type.slice(2), undefined), list)
    if (type.startsWith('{}')) return { type: 'map', values: this.#schema(type.slice(2), undefined), atomic: list === 'atomic' }
    if (SCALARS.has(type)) return { type: type as ScalarType }
    if (type.startsWith(MIXED)) return mixedSchema(this.lookup(type.slice(MIXED.length)))
    return this.lookup(type) ?? { type: 'any' }
  }
}

/** A class, because an object with a getter of its own would have a shape of its own, and every walk over schemas would be slow for it. */
class CompiledSchema implements ObjectSchema {
  readonly type = 'object'
  readonly name: string
  readonly atomic: boolean
  #compile: (() => ReadonlyMap<string, Field>) | undefined
  #fields: ReadonlyMap<string, Field> = new Map()

  constructor(name: string, atomic: boolean, compile: () => ReadonlyMap<string, Field>) {
    this.name = name
    this.atomic = atomic
    this.#compile = compile
  }

  get fields(): ReadonlyMap<string, Field> {
    const compile = this.#compile
    if (compile !== undefined) {
      this.#compile = undefined
      this.#fields = compile()
    }
    return this.#fields
  }
}

function mixedSchema(objects: ObjectSchema | undefined): Schema {
  return objects === undefined ? { type: 'any' } : { type: 'any', objects }
}

function listSchema(items: Schema, list: string | undefined): ListSchema {
  if (list === 'set') return { type: 'list', items, list: 'set', keys: [] }
  if (list?.startsWith('map=') === true) return { type: 'list', items, list: 'map', keys: list.slice('map='.length).split(',') }
  return { type: 'list', items, list: 'atomic', keys: [] }
}
