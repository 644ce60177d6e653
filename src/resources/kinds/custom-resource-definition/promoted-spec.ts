import { sameValue } from '../../field-checks.ts'
import type {
  CustomResourceColumnDefinition, CustomResourceDefinitionSpec, CustomResourceDefinitionVersion,
  CustomResourceSubresources, JSONSchemaProps,
  SelectableField,
} from '../../generated/types.ts'

/** What every version of a custom resource can say for itself. */
export interface VersionFeatures {
  readonly schema: JSONSchemaProps | undefined
  readonly subresources: CustomResourceSubresources | undefined
  readonly columns: readonly CustomResourceColumnDefinition[]
  readonly selectableFields: readonly SelectableField[]
}

/**
 * Upstream checks a definition in an older form, in which what all versions have in common stands once, in the spec itself: an error in
 * the schema of a definition with one version is one of spec.validation.openAPIV3Schema. Users know those paths.
 */
export interface PromotedSpec {
  readonly common: VersionFeatures
  /** What is left of each version. */
  readonly versions: readonly VersionFeatures[]
}

const NOTHING: VersionFeatures = { schema: undefined, subresources: undefined, columns: [], selectableFields: [] }

export function promote(spec: CustomResourceDefinitionSpec): PromotedSpec {
  const versions = (spec.versions ?? []).map(featuresOf)
  const [first = NOTHING] = versions
  const same = (field: keyof VersionFeatures): boolean => versions.every((version) => sameValue(version[field], first[field]))
  const keep = (holds: (field: keyof VersionFeatures) => boolean) => (features: VersionFeatures): VersionFeatures => ({
    schema: holds('schema') ? features.schema : undefined,
    subresources: holds('subresources') ? features.subresources : undefined,
    columns: holds('columns') ? features.columns : [],
    selectableFields: holds('selectableFields') ? features.selectableFields : [],
  })
  return { common: keep(same)(first), versions: versions.map(keep((field) => !same(field))) }
}

function featuresOf(version: CustomResourceDefinitionVersion): VersionFeatures {
  return {
    schema: version.schema?.openAPIV3Schema,
    subresources: version.subresources,
    columns: version.additionalPrinterColumns ?? [],
    selectableFields: version.selectableFields ?? [],
  }
}
