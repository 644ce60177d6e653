import type { Field, ObjectSchema, Schema, SchemaLookup } from '../../objects/schema.ts'

/** How a message's fields are numbered: each is a field of the object, or a message whose fields stand in the object itself. */
export type Layout = ReadonlyMap<number, LayoutEntry>
export type NumberedEntry = readonly [number: number, entry: LayoutEntry]
export type LayoutEntry =
  | { readonly type: 'field'; readonly name: string; readonly field: Field }
  | { readonly type: 'inlined'; readonly layout: Layout }

/** Messages that JSON shows inlined: the definition, the number of the message in it, and the numbers within. */
const INLINED: Readonly<Record<string, readonly [number: number, fields: string | { readonly sameAs: string }]>> = {
  'core.v1.Volume': [2, 'hostPath:1 emptyDir:2 gcePersistentDisk:3 awsElasticBlockStore:4 gitRepo:5 secret:6 nfs:7 iscsi:8 glusterfs:9'
    + ' persistentVolumeClaim:10 rbd:11 flexVolume:12 cinder:13 cephfs:14 flocker:15 downwardAPI:16 fc:17 azureFile:18 configMap:19'
    + ' vsphereVolume:20 quobyte:21 azureDisk:22 photonPersistentDisk:23 portworxVolume:24 scaleIO:25 projected:26 storageos:27'
    + ' csi:28 ephemeral:29 image:30'],
  'core.v1.PersistentVolumeSpec': [2, 'gcePersistentDisk:1 awsElasticBlockStore:2 hostPath:3 glusterfs:4 nfs:5 rbd:6 iscsi:7 cinder:8 cephfs:9 fc:10'
    + ' flocker:11 flexVolume:12 azureFile:13 vsphereVolume:14 quobyte:15 azureDisk:16 photonPersistentDisk:17 portworxVolume:18'
    + ' scaleIO:19 local:20 storageos:21 csi:22'],
  'core.v1.Probe': [1, 'exec:1 httpGet:2 tcpSocket:3 grpc:4'],
  'core.v1.EphemeralContainer': [1, { sameAs: 'core.v1.Container' }],
  'core.v1.ConfigMapEnvSource': [1, 'name:1'],
  'core.v1.ConfigMapKeySelector': [1, 'name:1'],
  'core.v1.ConfigMapProjection': [1, 'name:1'],
  'core.v1.ConfigMapVolumeSource': [1, 'name:1'],
  'core.v1.SecretEnvSource': [1, 'name:1'],
  'core.v1.SecretKeySelector': [1, 'name:1'],
  'core.v1.SecretProjection': [1, 'name:1'],
  'networking.v1.IngressRule': [2, 'http:1'],
  'admissionregistration.v1.RuleWithOperations': [2, 'apiGroups:1 apiVersions:2 resources:3 scope:4'],
  'admissionregistration.v1.NamedRuleWithOperations': [2, { sameAs: 'admissionregistration.v1.RuleWithOperations' }],
  'admissionregistration.v1alpha1.NamedRuleWithOperations': [2, { sameAs: 'admissionregistration.v1.RuleWithOperations' }],
  'resource.v1beta1.DeviceClassConfiguration': [1, 'opaque:1'],
  'resource.v1beta1.DeviceClaimConfiguration': [2, 'opaque:1'],
  'resource.v1beta1.DeviceAllocationConfiguration': [3, 'opaque:1'],
}

/** Fields whose name on the wire is written otherwise than in JSON, so that the tables have no number for them. */
const RENUMBERED: Readonly<Record<string, string>> = {
  'authentication.v1.BoundObjectReference': 'uid:4',
  'apiextensions.v1.JSONSchemaProps': '$schema:2 $ref:3 x-kubernetes-preserve-unknown-fields:38 x-kubernetes-embedded-resource:39 x-kubernetes-int-or-string:40'
    + ' x-kubernetes-list-map-keys:41 x-kubernetes-list-type:42 x-kubernetes-map-type:43 x-kubernetes-validations:44',
  'networking.v1.IngressClassParametersReference': 'apiGroup:1',
  'admissionregistration.v1.MutatingWebhookConfiguration': 'webhooks:2',
  'admissionregistration.v1.ValidatingWebhookConfiguration': 'webhooks:2',
  'admissionregistration.v1.Validation': 'expression:1',
  'admissionregistration.v1.Variable': 'name:1 expression:2',
  'admissionregistration.v1alpha1.Variable': 'name:1 expression:2',
}

/** Fields whose message JSON shows in another form, so that the tables call them anything. */
const RESHAPED: Readonly<Record<string, string>> = {
  'apiextensions.v1.JSONSchemaProps': 'items:JSONSchemaPropsOrArray additionalItems:JSONSchemaPropsOrBool additionalProperties:JSONSchemaPropsOrBool'
    + ' dependencies:JSONSchemaPropsOrStringArray',
}

export class MessageLayouts {
  readonly #schemas: SchemaLookup
  readonly #known = new Map<string, Layout>()
  readonly #descending = new WeakMap<Layout, readonly NumberedEntry[]>()

  constructor(schemas: SchemaLookup) {
    this.#schemas = schemas
  }

  lookup(schemaName: string): Layout | undefined {
    const known = this.#known.get(schemaName)
    if (known !== undefined) return known
    const schema = this.#schemas(schemaName)
    return schema === undefined ? undefined : this.of(schema)
  }

  of(schema: ObjectSchema): Layout {
    const known = this.#known.get(schema.name)
    if (known !== undefined) return known
    const layout = new Map<number, LayoutEntry>()
    for (const [name, field] of schema.fields) if (field.number !== 0) layout.set(field.number, { type: 'field', name, field })
    const renumbered = RENUMBERED[schema.name]
    if (renumbered !== undefined) for (const [number, entry] of numbered(schema, renumbered)) layout.set(number, entry)
    for (const [number, entry] of this.#reshaped(schema)) layout.set(number, entry)
    const inlined = INLINED[schema.name]
    if (inlined !== undefined) layout.set(inlined[0], { type: 'inlined', layout: this.#inlined(schema, inlined[1]) })
    this.#known.set(schema.name, layout)
    return layout
  }

  /** The entries of a layout in the order in which a message is written: from its end. */
  descending(layout: Layout): readonly NumberedEntry[] {
    const known = this.#descending.get(layout)
    if (known !== undefined) return known
    const order = [...layout].sort(([a], [b]) => b - a)
    this.#descending.set(layout, order)
    return order
  }

  *#reshaped(schema: ObjectSchema): Iterable<[number, LayoutEntry]> {
    for (const word of RESHAPED[schema.name]?.split(' ') ?? []) {
      const [name = '', message = ''] = word.split(':')
      const field = schema.fields.get(name)
      const form = this.#schemas(`apiextensions.v1.${message}`)
      if (field === undefined || form === undefined) continue
      const own = field.schema.type === 'map' ? { ...field.schema, values: form } : form
      yield [field.number, { type: 'field', name, field: { ...field, schema: own } }]
    }
  }

  #inlined(schema: ObjectSchema, fields: string | { readonly sameAs: string }): Layout {
    if (typeof fields === 'string') return new Map(numbered(schema, fields))
    return this.lookup(fields.sameAs) ?? new Map<number, LayoutEntry>()
  }
}

function* numbered(schema: ObjectSchema, fields: string): Iterable<[number, LayoutEntry]> {
  for (const word of fields.split(' ')) {
    const [name = '', number = ''] = word.split(':')
    const field = schema.fields.get(name)
    if (field !== undefined) yield [Number(number), { type: 'field', name, field }]
  }
}

export function isScalarNumber(schema: Schema): boolean {
  return schema.type === 'int32' || schema.type === 'int64' || schema.type === 'boolean'
}
