/** What the fields of a type are. Compiled on demand from the tables in resources/generated/. */
export type ScalarType =
  | 'string' | 'boolean' | 'int32' | 'int64' | 'double'
  | 'quantity' | 'int-or-string' | 'time' | 'micro-time' | 'bytes'

export interface ScalarSchema {
  readonly type: ScalarType
}

export interface ObjectSchema {
  readonly type: 'object'
  /** Name of the definition: core.v1.PodSpec. */
  readonly name: string
  readonly fields: ReadonlyMap<string, Field>
  /** Server-side apply owns it as a whole (x-kubernetes-map-type: atomic). */
  readonly atomic: boolean
}

export interface MapSchema {
  readonly type: 'map'
  readonly values: Schema
  readonly atomic: boolean
}

export interface ListSchema {
  readonly type: 'list'
  readonly items: Schema
  /** x-kubernetes-list-type; keys are the x-kubernetes-list-map-keys. */
  readonly list: 'atomic' | 'set' | 'map'
  readonly keys: readonly string[]
}

/** Any JSON value, kept as it is: RawExtension, FieldsV1, JSON. */
export interface AnySchema {
  readonly type: 'any'
  /** What the objects among them are, also those in a list: additionalProperties is a boolean or a schema. */
  readonly objects?: ObjectSchema
}

export type Schema = ScalarSchema | ObjectSchema | MapSchema | ListSchema | AnySchema

export interface Field {
  readonly schema: Schema
  readonly required: boolean
  /** Strategic merge: lists merge by key (or as sets when mergeKey is absent) instead of being replaced. */
  readonly merge: boolean
  readonly mergeKey: string | undefined
  readonly retainKeys: boolean
  /** The empty value means the same as none, and is not stored: false, 0, '', [], {}. */
  readonly omitsEmpty: boolean
  /** Protobuf field number; 0 where the protobuf message has none. */
  readonly number: number
}

/** Looks a definition up by its name in the tables; undefined when there is none. */
export type SchemaLookup = (name: string) => ObjectSchema | undefined
