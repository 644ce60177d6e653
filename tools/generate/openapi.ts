/** The parts of an OpenAPI v2 document of Kubernetes that the tables are made from. */
export interface OpenApiSchema {
  readonly type?: string
  readonly format?: string
  readonly $ref?: string
  readonly properties?: Record<string, OpenApiSchema>
  readonly required?: readonly string[]
  readonly items?: OpenApiSchema
  readonly additionalProperties?: OpenApiSchema
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[]
}

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface OpenApiDocument {
  readonly definitions: Record<string, OpenApiSchema>
  readonly paths: Record<string, unknown>
}

const PREFIXES = [
  'io.k8s.apimachinery.pkg.apis.',
  'io.k8s.apiextensions-apiserver.pkg.apis.',
  'io.k8s.kube-aggregator.pkg.apis.',
  'io.k8s.apimachinery.pkg.',
  'io.k8s.api.',
]

/** io.k8s.api.core.v1.Pod -> core.v1.Pod */
export function shortName(full: string): string {
  const name = full.slice(full.lastIndexOf('/') + 1)
  for (const prefix of PREFIXES) if (name.startsWith(prefix)) return name.slice(prefix.length)
  return name
}

/** What is served beside the stable versions, because nothing stable does the same yet. */
const SERVED_EARLY: readonly RegExp[] = [
  /^resource\.v1beta1\./,
  /^admissionregistration\.v1alpha1\.(?!Validat|AuditAnnotation|ExpressionWarning|TypeChecking)/,
]

/** By the short name of a definition: v1, v2 but not v1beta1, v1alpha3. */
export function isServed(name: string): boolean {
  return isStable(name) || SERVED_EARLY.some((pattern) => pattern.test(name))
}

export function isStable(name: string): boolean {
  return !/\.v\d+(alpha|beta)\d+\./.test(name)
}

const SCALARS: Record<string, string> = {
  'api.resource.Quantity': 'quantity',
  'util.intstr.IntOrString': 'int-or-string',
  'meta.v1.Time': 'time',
  'meta.v1.MicroTime': 'micro-time',
  'meta.v1.FieldsV1': 'any',
  'meta.v1.Patch': 'any',
  'runtime.RawExtension': 'any',
  'apiextensions.v1.JSON': 'any',
  'apiextensions.v1.JSONSchemaPropsOrArray': 'any=apiextensions.v1.JSONSchemaProps',
  'apiextensions.v1.JSONSchemaPropsOrBool': 'any=apiextensions.v1.JSONSchemaProps',
  'apiextensions.v1.JSONSchemaPropsOrStringArray': 'any=apiextensions.v1.JSONSchemaProps',
  'apiextensions.v1.CustomResourceSubresourceStatus': 'any',
}

const FORMATS: Record<string, string> = { int32: 'int32', int64: 'int64', double: 'double', byte: 'bytes', 'date-time': 'time' }

/** The table's word for a type: a scalar, a definition's name, []type or map type. */
export function typeWord(schema: OpenApiSchema): string {
  if (schema.$ref !== undefined) return SCALARS[shortName(schema.$ref)] ?? shortName(schema.$ref)
  if (schema.items !== undefined) return `[]${typeWord(schema.items)}`
  if (schema.additionalProperties !== undefined) return `{}${typeWord(schema.additionalProperties)}`
  if (schema.format !== undefined && FORMATS[schema.format] !== undefined) return FORMATS[schema.format] ?? ''
  if (schema.type === 'integer') return 'int64'
  if (schema.type === 'number') return 'double'
  if (schema.type === 'object') return 'any'
  return schema.type ?? 'any'
}
