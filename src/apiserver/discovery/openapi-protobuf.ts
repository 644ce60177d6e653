import { isObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import { joinBytes } from '../../words/bytes.ts'
import type { OpenApiForm } from './openapi-form.ts'
import { booleanField, bytesOf, messageField, messageOf, textField } from './protobuf-writer.ts'
import type { Encoded } from './protobuf-writer.ts'

/**
 * The OpenAPI 2.0 document as the protocol buffer message openapi.v2.Document (the gnostic project's OpenAPIv2.proto gives the
 * field numbers). client-go asks for nothing else: kubectl and Helm read it to validate and to merge.
 */
export const protobufV2: OpenApiForm = {
  path: (path, item) => bytesOf(messageField(2, [textField(1, path), messageField(2, pathItem(item))])),
  definition: (name, schema) => bytesOf(namedSchema(1, name, schema)),
  whole({ info, parameters: shared, security, securitySchemes }, paths, definitions) {
    return joinBytes([
      bytesOf(textField(1, '2.0') + messageField(2, [textField(1, info.title), textField(2, info.version)])),
      ...messageOf(8, paths), ...messageOf(9, definitions),
      bytesOf([
        messageField(10, named(shared, (parameter) => [parameterFields(parameter)])),
        ...security.map((requirement) => messageField(12, named(requirement, () => []))),
        messageField(13, named(securitySchemes, (scheme) => [messageField(2, apiKeyFields(scheme))])),
      ].join('')),
    ])
  },
}

/** A map as the repeated NamedX { name, value } in which all of this format's maps are written. */
function named(map: object, valueFields: (value: Record<string, unknown>) => readonly Encoded[]): Encoded[] {
  return Object.entries(map).map(([name, value]: [string, unknown]) =>
    messageField(1, [textField(1, name), messageField(2, isObject(value) ? valueFields(value) : [])]))
}

function apiKeyFields(scheme: Record<string, unknown>): Encoded[] {
  return ['type', 'name', 'in', 'description'].map((field, index) => textField(index + 1, textOf(scheme[field])))
}

const METHOD_NUMBERS: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 }

function pathItem(item: Record<string, unknown>): Encoded[] {
  const operations = Object.entries(METHOD_NUMBERS).flatMap(([method, number]) => {
    const operation = item[method]
    return isObject(operation) ? [messageField(number, operationFields(operation))] : []
  })
  return [...operations, ...parameters(9, item['parameters'])]
}

function operationFields(operation: Record<string, unknown>): Encoded[] {
  return [
    ...texts(1, operation['tags']),
    textField(3, textOf(operation['description'])),
    textField(5, textOf(operation['operationId'])),
    ...texts(6, operation['produces']),
    ...texts(7, operation['consumes']),
    ...parameters(8, operation['parameters']),
    messageField(9, responses(operation['responses'])),
    ...texts(10, operation['schemes']),
    ...extensions(13, operation),
  ]
}

function responses(value: unknown): Encoded[] {
  if (!isObject(value)) return []
  return Object.entries(value).map(([code, response]) => {
    const fields = isObject(response) ? response : {}
    const schema = isObject(fields['schema']) ? [messageField(2, [messageField(1, schemaFields(fields['schema']))])] : []
    const described = [textField(1, textOf(fields['description'])), ...schema]
    return messageField(1, [textField(1, code), messageField(2, [messageField(1, described)])])
  })
}

const QUERY_PARAMETER = 3
const PATH_PARAMETER = 4

/** ParametersItem { parameter: Parameter { body | non_body: { query | path } } | json_reference: { _ref } } */
function parameters(number: number, value: unknown): Encoded[] {
  if (!Array.isArray(value)) return []
  return value.filter(isObject).map((parameter) => messageField(number, [
    typeof parameter['$ref'] === 'string'
      ? messageField(2, [textField(1, parameter['$ref'])])
      : messageField(1, [parameterFields(parameter)]),
  ]))
}

function parameterFields(parameter: Record<string, unknown>): Encoded {
  const name = textOf(parameter['name'])
  const place = textOf(parameter['in'])
  const required = parameter['required'] === true
  if (place === 'body') {
    const schema = isObject(parameter['schema']) ? [messageField(5, schemaFields(parameter['schema']))] : []
    return messageField(1, [textField(2, name), textField(3, place), booleanField(4, required), ...schema])
  }
  const head = [booleanField(1, required), textField(2, place), textField(3, textOf(parameter['description'])), textField(4, name)]
  const type = textOf(parameter['type'])
  if (place === 'path') return messageField(2, [messageField(PATH_PARAMETER, [...head, textField(5, type), booleanField(19, true)])])
  return messageField(2, [messageField(QUERY_PARAMETER, [...head, textField(6, type), booleanField(20, true)])])
}

function namedSchema(number: number, name: string, schema: unknown): Encoded {
  return messageField(number, [textField(1, name), messageField(2, isObject(schema) ? schemaFields(schema) : [])])
}

function schemaFields(schema: Record<string, unknown>): Encoded[] {
  const { additionalProperties, items, properties } = schema
  const type = textOf(schema['type'])
  return [
    textField(1, textOf(schema['$ref'])),
    textField(2, textOf(schema['format'])),
    textField(4, textOf(schema['description'])),
    ...texts(19, schema['required']),
    ...(isObject(additionalProperties) ? [messageField(21, [messageField(1, schemaFields(additionalProperties))])] : []),
    ...(type === '' ? [] : [messageField(22, [textField(1, type)])]),
    ...(isObject(items) ? [messageField(23, [messageField(1, schemaFields(items))])] : []),
    ...(isObject(properties) ? [messageField(25, Object.entries(properties).map(([name, child]) => namedSchema(1, name, child)))] : []),
    ...extensions(31, schema),
  ]
}

/** NamedAny { name, value: Any { yaml } }; JSON is YAML too. */
function extensions(number: number, holder: Record<string, unknown>): Encoded[] {
  return Object.entries(holder)
    .filter(([name]) => name.startsWith('x-'))
    .map(([name, value]) => messageField(number, [textField(1, name), messageField(2, [textField(2, jsonText(value))])]))
}

function texts(number: number, values: unknown): Encoded[] {
  return Array.isArray(values) ? values.map((value) => textField(number, textOf(value))) : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
