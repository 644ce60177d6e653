import { isObject, type JsonObject } from '../../objects/json.ts'

/**
 * Places in a JSON schema that have two forms in JSON and one message on the wire, by the name of the message:
 *   items: {...} or [{...}, {...}]        -> JSONSchemaPropsOrArray { schema } or { jSONSchemas }
 *   additionalProperties: true or {...}   -> JSONSchemaPropsOrBool { allows, schema }
 *   dependencies: { a: {...} or ['b'] }   -> JSONSchemaPropsOrStringArray { schema } or { property }
 */
interface Forms {
  toMessage(value: unknown): JsonObject
  toJson(message: JsonObject): unknown
}

const FORMS: Readonly<Record<string, Forms>> = {
  'apiextensions.v1.JSONSchemaPropsOrArray': {
    toMessage: (value) => (Array.isArray(value) ? { jSONSchemas: value } : { schema: value }),
    toJson: ({ schema, jSONSchemas }) => schema ?? jSONSchemas ?? [],
  },
  'apiextensions.v1.JSONSchemaPropsOrBool': {
    toMessage: (value) => (isObject(value) ? { allows: true, schema: value } : { allows: value === true }),
    toJson: ({ schema, allows }) => schema ?? allows === true,
  },
  'apiextensions.v1.JSONSchemaPropsOrStringArray': {
    toMessage: (value) => (Array.isArray(value) ? { property: value } : { schema: value }),
    toJson: ({ schema, property }) => schema ?? property ?? [],
  },
}

export function jsonToMessage(name: string, value: unknown): unknown {
  return FORMS[name]?.toMessage(value) ?? value
}

export function messageToJson(name: string, message: JsonObject): unknown {
  const forms = FORMS[name]
  return forms === undefined ? message : forms.toJson(message)
}
