import { invalidValue, type FieldError } from '../../objects/field-error.ts'
import { childPath } from '../../objects/field-path.ts'
import { jsonPath } from '../../objects/json-path.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { normalizeObject } from '../../objects/schema-walk.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import { checkEmbedded, forEachEmbedded, hasEmbedded } from '../../objects/structural/embedded-objects.ts'
import { dropNulls, fillDefaults } from '../../objects/structural/defaults.ts'
import { mergeSchemaOf } from '../../objects/structural/merge-schema.ts'
import { pruneUnknown } from '../../objects/structural/prune.ts'
import type { Structural } from '../../objects/structural/structural-schema.ts'
import { validateChange, validateValue } from '../../objects/structural/validate-value.ts'
import type { OpenApiSchema } from '../../policy/cel/openapi-schema.ts'
import type { RuleSchema } from '../../policy/schema-rules/rule.ts'
import { schemaRules } from '../../policy/schema-rules/schema-rules.ts'
import type { FieldValue, ObjectForm, ResourceDefinition, StatusSubresource } from '../../resources/definition.ts'
import type { CustomResourceDefinition, CustomResourceDefinitionVersion, SelectableField } from '../../resources/generated/types.ts'
import { keepStatus, plainResource } from '../../resources/plain-resource.ts'
import { present } from '../../words/assert.ts'
import { tooLarge, type StatusError } from '../../words/status-error.ts'
import { checkScale, customScale, type Door } from './custom-scale.ts'
import { deprecationOf, finalizerWarnings } from './custom-warnings.ts'
import { printerColumns } from './printer-columns.ts'

/** A kind as one version of a CustomResourceDefinition says it, for the same pipeline that serves the built-in ones. */
export function customDefinition(
  crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion, structural: Structural, schemas: SchemaLookup,
): ResourceDefinition {
  const kind = customKind(crd, version.name)
  const hasStatus = version.subresources?.status !== undefined
  const scale = version.subresources?.scale
  const isNested = hasEmbedded(structural)
  const rules = rulesOf(version, structural, (errors, object, door) => {
    if (scale !== undefined) checkScale(errors, scale, object, door)
    if (isNested && door === 'object') checkEmbedded(errors, structural, object)
  })
  const isTerminating = crd.metadata.deletionTimestamp !== undefined
  return {
    ...plainResource,
    kind,
    finalizerRule: 'qualified',
    isTerminating,
    verbs: isTerminating ? plainResource.verbs.filter((verb) => verb !== 'create') : plainResource.verbs,
    form: customForm(kind, { structural, published: publishedSchema(version) }, schemas),
    defaults(draft) {
      if (!fillDefaults(structural, draft)) throw tooManyDefaults()
    },
    prepareForCreate(draft) {
      if (hasStatus) dropStatus(draft)
    },
    prepareForUpdate(draft, old) {
      if (hasStatus) keepStatus(draft, old)
    },
    warnings: (object, old) => [...finalizerWarnings(object, old), ...rules.tolerated(object, old)],
    deprecation: deprecationOf(crd, version),
    validateCreate: (object) => rules.validate(object, undefined, 'object'),
    validateUpdate: (object, old) => rules.validate(object, old, 'object'),
    generationOf: hasStatus ? 'all-but-metadata-and-status' : 'all-but-metadata',
    columns: printerColumns(version.additionalPrinterColumns),
    selectableFields: selectableFields(version.selectableFields ?? []),
    status: hasStatus ? statusOf(rules) : undefined,
    scale: scale === undefined ? undefined : customScale(scale),
  }
}

function tooManyDefaults(): StatusError {
  return tooLarge('Request entity too large: the defaults of the schema would make the object too large')
}

export function customKind({ spec, status }: CustomResourceDefinition, version: string): KindRef {
  const names = status?.acceptedNames ?? spec.names
  return {
    group: spec.group, version, kind: names.kind, plural: names.plural, singular: names.singular ?? names.kind.toLowerCase(),
    namespaced: spec.scope === 'Namespaced', shortNames: names.shortNames ?? [], categories: names.categories ?? [],
    schema: `custom.${spec.group}.${version}.${names.kind}`, ...(names.listKind ? { listKind: names.listKind } : {}),
  }
}

interface Rules {
  validate(object: KubeObject, old: KubeObject | undefined, door: Door): FieldError[]
  /** What is wrong in the eyes of an expression, and was so before. */
  tolerated(object: KubeObject, old: KubeObject | undefined): readonly string[]
}

/** Errors after which an expression could meet what it does not expect. */
const BLOCKING: ReadonlySet<string> = new Set([
  'FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid',
])
const NOT_ASKED = invalidValue(
  '<nil>', 'null',
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
)

/** Expressions are asked about values of the right form only. */
function rulesOf(version: CustomResourceDefinitionVersion, structural: Structural, check: FormCheck): Rules {
  const expressions = schemaRules((version.schema?.openAPIV3Schema ?? {}) as OpenApiSchema & RuleSchema)
  return {
    validate(object, old, door) {
      const errors = door === 'status' ? statusErrors(structural, object, old)
        : old === undefined ? validateValue(structural, object, '') : validateChange(structural, object, old)
      check(errors, object, door)
      if (expressions === undefined) return errors
      if (errors.some(({ reason }) => BLOCKING.has(reason))) return [...errors, NOT_ASKED]
      const broken = expressions.check(object, old)
      return errors.length === 0 ? broken : [...errors, ...broken]
    },
    tolerated: (object, old) => expressions?.tolerated(object, old).map(({ field, message }) => `${field}: ${message}`) ?? [],
  }
}

/** What is asked of an object beside its schema. */
type FormCheck = (errors: FieldError[], object: KubeObject, door: Door) => void

/** By the door of the status only the status is looked at: the rest was let in before, perhaps by a schema that allowed more. */
function statusErrors(structural: Structural, object: Stated, old: Stated | undefined): FieldError[] {
  const schema = structural.properties.get('status')
  return schema === undefined || object.status === undefined ? [] : validateChange(schema, object.status, old?.status, 'status')
}

interface CustomSchemas {
  readonly structural: Structural
  readonly published: JsonObject
}

/** What documents tell of the kind: its author's schema, and which fields selectors may ask about. */
function publishedSchema({ schema, selectableFields: wanted = [] }: CustomResourceDefinitionVersion): JsonObject {
  const fields = wanted.map(({ jsonPath: path }) => ({ fieldPath: path.replace(/^\./, '') }))
  return { ...schema?.openAPIV3Schema, ...(fields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': fields }) }
}

/** Only metadata has types that are checked while reading; everything else is validation's. */
function customForm(kind: KindRef, { structural, published }: CustomSchemas, schemas: SchemaLookup): ObjectForm {
  const metadataSchema = present(schemas('meta.v1.ObjectMeta'), 'the schema of metadata')
  const isNested = hasEmbedded(structural)
  const readMetadata = (object: JsonObject, path: string, unknownFields: string[]): void => {
    if (object['metadata'] === undefined || object['metadata'] === null) return
    const metadata = normalizeObject(metadataSchema, object['metadata'], kind)
    object['metadata'] = metadata.object
    unknownFields.push(...metadata.unknownFields.map((field) => childPath(childPath(path, 'metadata'), field)))
  }
  return {
    schema: mergeSchemaOf(kind.schema, structural, schemas),
    published,
    read(body: JsonObject) {
      const unknownFields: string[] = []
      readMetadata(body, '', unknownFields)
      unknownFields.push(...pruneUnknown(structural, body))
      if (!dropNulls(structural, body)) throw tooManyDefaults()
      if (isNested) forEachEmbedded(structural, body, '', (object, path) => readMetadata(object, path, unknownFields))
      return { object: body, unknownFields }
    },
  }
}

interface Stated extends KubeObject {
  status?: unknown
}

function dropStatus(draft: Stated): void {
  delete draft.status
}

/** A write of the status leaves all else as it was, metadata too. */
function statusOf(rules: Rules): StatusSubresource<KubeObject> {
  return {
    prepareForUpdate(draft: Stated & JsonObject, old: KubeObject & JsonObject) {
      const { resourceVersion, managedFields } = draft.metadata
      for (const field of Object.keys(draft)) if (field !== 'status') delete draft[field]
      for (const field of Object.keys(old)) if (field !== 'status') draft[field] = old[field]
      draft.metadata = {
        ...old.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }),
        ...(managedFields === undefined ? {} : { managedFields }),
      }
    },
    validateUpdate: (object, old) => rules.validate(object, old, 'status'),
  }
}

function selectableFields(wanted: readonly SelectableField[]): { readonly [path: string]: FieldValue<KubeObject> } {
  return Object.fromEntries(wanted.map(({ jsonPath: source }) => {
    const path = jsonPath(source)
    return [source.replace(/^\./, ''), (object: KubeObject): string => {
      const [value] = path?.find(object) ?? []
      return value === undefined || value === null ? '' : String(value)
    }]
  }))
}
