import { isObject, type JsonObject } from '../../objects/json.ts'
import { renamed } from '../aggregation/remote-spec.ts'
import type { RemoteSpec } from '../aggregation/remote-spec.ts'

/** OpenAPI 2.0 as 3.0: for servers that tell of themselves in 2.0 only. */
export function upgradedSpec(spec: RemoteSpec): JsonObject {
  const { paths, definitions } = renamed(spec, (name) => name, '#/components/schemas/')
  return {
    openapi: '3.0.0', info: { title: 'Kubernetes', version: 'unversioned' },
    paths: Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, upgradedItem(item)])),
    components: { schemas: definitions },
  }
}

const METHODS: ReadonlySet<string> = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch'])

function upgradedItem(item: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(item).map(([key, value]) => {
    if (METHODS.has(key) && isObject(value)) return [key, upgradedOperation(value)]
    return [key, key === 'parameters' ? objects(value).map(upgradedParameter) : value]
  }))
}

function upgradedOperation({ consumes, produces, schemes: _, parameters, responses, ...rest }: JsonObject): JsonObject {
  const all = objects(parameters)
  const body = all.find((parameter) => parameter['in'] === 'body')
  const others = all.filter((parameter) => parameter['in'] !== 'body' && parameter['in'] !== 'formData')
  return {
    ...rest,
    ...(others.length === 0 ? {} : { parameters: others.map(upgradedParameter) }),
    ...(body === undefined ? {} : {
      requestBody: { ...(body['required'] === true ? { required: true } : {}), content: contentOf(consumes, body['schema']) },
    }),
    responses: Object.fromEntries(
      Object.entries(isObject(responses) ? responses : {}).map(([code, response]) => [code, upgradedResponse(response, produces)]),
    ),
  }
}

function upgradedResponse(response: unknown, produces: unknown): unknown {
  if (!isObject(response)) return response
  const { schema, ...rest } = response
  return schema === undefined ? rest : { ...rest, content: contentOf(produces, schema) }
}

/** What 2.0 says of a parameter's type beside its name, 3.0 says in a schema. */
function upgradedParameter(parameter: JsonObject): JsonObject {
  const { name, in: place, description, required, ...schema } = parameter
  if (parameter['$ref'] !== undefined) return parameter
  return { name, in: place, ...(description === undefined ? {} : { description }), ...(required === undefined ? {} : { required }), schema }
}

function contentOf(types: unknown, schema: unknown): JsonObject {
  const known = Array.isArray(types) ? types.filter((type) => typeof type === 'string') : []
  return Object.fromEntries((known.length === 0 ? ['application/json'] : known).map((type) => [type, { schema }]))
}

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
