import { findCondition } from '../../objects/conditions.ts'
import type { KindSource, KindType } from '../../policy/admission-policy/type-check.ts'
import type { ObjectField, ObjectType, TypeProvider } from '../../policy/cel/object-type.ts'
import { firstProvider } from '../../policy/cel/object-type.ts'
import type { OpenApiSchema } from '../../policy/cel/openapi-schema.ts'
import { declareSchema, jsonField } from '../../policy/cel/openapi-types.ts'
import { resourceTypes } from '../../policy/cel/resource-types.ts'
import { dynType, objectType } from '../../policy/cel/types.ts'
import { wrapOf } from '../../policy/cel/wrap.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps } from '../../resources/generated/types.ts'
import { SchemaCatalog } from '../../resources/schema.ts'

const METADATA = 'meta.v1.ObjectMeta'

/** Kinds of the API itself from its schema tables, and those that are defined by users, as they stand now. */
export class KindSources {
  readonly #builtIn: TypeProvider = resourceTypes(new SchemaCatalog().lookup)

  with(definitions: readonly CustomResourceDefinition[]): KindSource {
    const served = definitions.filter(isEstablished)
    return {
      kindOf(group, version, resource) {
        const builtIn = Object.values(kinds).find((kind) => kind.plural === resource && kind.group === group && kind.version === version)
        if (builtIn !== undefined) return builtIn
        const named = served.find(({ spec }) => spec.group === group && spec.names.plural === resource)
        if (named === undefined || versionOf(named.spec, version) === undefined) return undefined
        return { group, version, kind: named.spec.names.kind }
      },
      typeOf: ({ group, version, kind }) => {
        const builtIn = Object.values(kinds).find((each) => each.kind === kind && each.group === group && each.version === version)
        if (builtIn !== undefined) return { type: objectType(builtIn.schema), types: this.#builtIn }
        const custom = served.find(({ spec }) => spec.group === group && spec.names.kind === kind)
        const schema = custom === undefined ? undefined : versionOf(custom.spec, version)?.schema?.openAPIV3Schema
        return schema === undefined ? undefined : this.#custom(`${group}.${version}.${kind}`, schema)
      },
    }
  }

  #custom(name: string, schema: JSONSchemaProps): KindType {
    const declared = declareSchema(openApi(schema), name)
    const root = declared?.provider.objectType(name)
    if (declared === undefined || root === undefined) return { type: dynType, types: this.#builtIn }
    const metadata = jsonField('metadata', objectType(METADATA), wrapOf(objectType(METADATA), this.#builtIn))
    const withOwn = withMetadata(root, metadata)
    const own: TypeProvider = {
      ...declared.provider, objectType: (wanted) => (wanted === name ? withOwn : declared.provider.objectType(wanted)),
    }
    return { type: declared.type, types: firstProvider([own, this.#builtIn]) }
  }
}

/** Every object has those, whatever its schema says. */
function openApi(schema: JSONSchemaProps): OpenApiSchema {
  const text: OpenApiSchema = { type: 'string' }
  const given = schema as OpenApiSchema
  return { ...given, properties: { ...given.properties, apiVersion: text, kind: text } }
}

function withMetadata(root: ObjectType, metadata: ObjectField): ObjectType {
  return { ...root, field: (name) => (name === 'metadata' ? metadata : root.field(name)) }
}

function versionOf({ versions }: CustomResourceDefinition['spec'], name: string): CustomResourceDefinitionVersion | undefined {
  return versions.find((version) => version.name === name && version.served)
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return findCondition(status?.conditions, 'Established')?.status === 'True'
}
