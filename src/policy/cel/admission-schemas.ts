import type { OpenApiSchema } from './openapi-schema.ts'

const text: OpenApiSchema = { type: 'string' }
const texts: OpenApiSchema = { type: 'array', items: text }
const textMap: OpenApiSchema = { type: 'object', additionalProperties: text }

function fields(properties: Readonly<Record<string, OpenApiSchema>>): OpenApiSchema {
  return { type: 'object', properties }
}

const kind = fields({ group: text, version: text, kind: text })
const resource = fields({ group: text, version: text, resource: text })

/** The variable user of the rules for authenticated users; request.userInfo is one too. */
export const userInfoSchema: OpenApiSchema = fields({
  username: text,
  uid: text,
  groups: texts,
  extra: { type: 'object', additionalProperties: texts },
})

/** The variable request of admission policies and match conditions: an AdmissionRequest without its objects. */
export const admissionRequestSchema: OpenApiSchema = fields({
  kind,
  resource,
  subResource: text,
  requestKind: kind,
  requestResource: resource,
  requestSubResource: text,
  name: text,
  namespace: text,
  operation: text,
  userInfo: userInfoSchema,
  dryRun: { type: 'boolean' },
  // Of any type: the options of the operation.
  options: { 'x-kubernetes-int-or-string': true },
})

/** The variable namespaceObject: the parts of a Namespace that Kubernetes shows. */
export const namespaceSchema: OpenApiSchema = fields({
  metadata: fields({
    name: text,
    generateName: text,
    namespace: text,
    labels: textMap,
    annotations: textMap,
    uid: text,
    creationTimestamp: { type: 'string', format: 'date-time' },
    deletionTimestamp: { type: 'string', format: 'date-time' },
    deletionGracePeriodSeconds: { type: 'integer' },
    generation: { type: 'integer' },
    resourceVersion: text,
    finalizers: texts,
  }),
  spec: fields({ finalizers: texts }),
  status: fields({ phase: text }),
})
