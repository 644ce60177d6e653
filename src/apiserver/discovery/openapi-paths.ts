import type { ResourceDefinition } from '../../resources/definition.ts'
import { referenceTo } from './openapi-names.ts'
import type { OpenApiVersion } from './openapi-names.ts'
import type { Operation } from './openapi-operation.ts'
import { discoveryOperations, operationsOf, rootOperations } from './openapi-operations.ts'
import type { OperationsAtPath } from './openapi-operations.ts'
import { queryParameters } from './openapi-parameters.ts'

export type PathItem = Record<string, unknown>

/** What the resources of a document serve where. 2.0 has one document, which begins at the roots. */
export function* pathItems(version: OpenApiVersion, definitions: readonly ResourceDefinition[]): Generator<readonly [string, PathItem]> {
  const above = [...(version === 'v2' ? rootOperations(definitions) : []), ...discoveryOperations(definitions)]
  for (const at of above) yield [at.path, pathItem(version, at)]
  for (const definition of definitions) {
    for (const at of operationsOf(definition)) yield [at.path, pathItem(version, at)]
  }
}

/** The parameters that paths of 2.0 refer to; 3.0 writes them out where they are used. */
export function sharedParameters(): Record<string, object> {
  return Object.fromEntries(Object.keys(queryParameters).map((name) => [name, queryParameter('v2', name)]))
}

/** A parameter of all methods stands once, at the path. */
function pathItem(version: OpenApiVersion, { places, kind, operations }: OperationsAtPath): PathItem {
  const common = (operations[0]?.query ?? []).filter((name) => operations.every(({ query }) => query.includes(name)))
  const own = (operation: Operation): readonly string[] => operation.query.filter((name) => !common.includes(name))
  const parameters = [...places.map((name) => placeParameter(version, name, kind)), ...common.map((name) => queryReference(version, name))]
  return {
    ...Object.fromEntries(operations.map((operation) => [operation.method, operationObject(version, operation, own(operation))])),
    ...(parameters.length === 0 ? {} : { parameters }),
  }
}

function operationObject(version: OpenApiVersion, operation: Operation, query: readonly string[]): object {
  const { action, answer, body, codes, gvk, id, tag, text } = operation
  const ofV2 = version === 'v2'
  const parameters: object[] = query.map((name) => queryReference(version, name))
  if (ofV2 && body !== undefined) parameters.push(bodyParameter(body))
  const answers = codes.map((code) => [code, answerObject(operation, version, code, answer)] as const)
  return {
    description: text, operationId: id, tags: [tag],
    ...(ofV2 ? { consumes: operation.consumes, produces: operation.produces, schemes: ['https'] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(ofV2 || body === undefined ? {} : { requestBody: requestBody(operation, body) }),
    responses: { ...Object.fromEntries(answers), 401: { description: 'Unauthorized' } },
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(gvk === undefined ? {} : { 'x-kubernetes-group-version-kind': gvk }),
  }
}

const CODE_WORDS: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }

function answerObject({ produces }: Operation, version: OpenApiVersion, code: number, answer: string): object {
  const schema = answer === 'string' ? { type: 'string' } : reference(version, answer)
  const description = CODE_WORDS[code] ?? ''
  return version === 'v2' ? { description, schema } : { description, content: contentOf(produces, schema) }
}

type Body = NonNullable<Operation['body']>

function bodyParameter({ definition, required }: Body): object {
  return { name: 'body', in: 'body', ...(required ? { required } : {}), schema: reference('v2', definition) }
}

function requestBody({ consumes }: Operation, { definition, required }: Body): object {
  return { ...(required ? { required } : {}), content: contentOf(consumes, reference('v3', definition)) }
}

function contentOf(types: readonly string[], schema: object): object {
  return Object.fromEntries(types.map((type) => [type, { schema }]))
}

function reference(version: OpenApiVersion, definition: string): object {
  return { $ref: referenceTo(version, definition) }
}

const PLACE_WORDS: Readonly<Record<string, string>> = {
  namespace: 'the namespace that the object is in', path: 'the path to ask the target for',
}

function placeParameter(version: OpenApiVersion, name: string, kind: string): object {
  const description = PLACE_WORDS[name] ?? `name of the ${kind}`
  return { name, in: 'path', description, required: true, ...typed(version, 'string') }
}

function queryReference(version: OpenApiVersion, name: string): object {
  return version === 'v2' ? { $ref: `#/parameters/${name}` } : queryParameter(version, name)
}

function queryParameter(version: OpenApiVersion, name: string): object {
  const { text, type } = queryParameters[name] ?? { text: '', type: 'string' }
  return { name, in: 'query', description: text, ...typed(version, type) }
}

function typed(version: OpenApiVersion, type: string): object {
  return version === 'v2' ? { type, uniqueItems: true } : { schema: { type, uniqueItems: true } }
}
