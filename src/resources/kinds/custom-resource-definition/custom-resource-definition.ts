import type { ResourceDefinition } from '../../definition.ts'
import type { Expression } from '../../expression.ts'
import { kinds } from '../../generated/kinds.ts'
import type { CustomResourceDefinition } from '../../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../../plain-resource.ts'
import { defaultClientConfig } from '../admission/webhook-client.ts'
import { promote } from './promoted-spec.ts'
import { EMPTY_SPEC, validate, validateStatus, validateUpdate } from './validate.ts'
import { ruleExpressions } from './validate-rules.ts'

function defaults({ spec }: CustomResourceDefinition): void {
  if (spec === undefined) return
  const { names } = spec
  if (names !== undefined && (names.kind ?? '') !== '') {
    names.singular ||= names.kind.toLowerCase()
    names.listKind ||= `${names.kind}List`
  }
  spec.conversion ??= { strategy: 'None' }
  defaultClientConfig(spec.conversion.webhook?.clientConfig)
}

function storageVersion({ spec }: CustomResourceDefinition): string[] {
  const version = spec?.versions?.find(({ storage }) => storage === true)
  return version === undefined ? [] : [version.name]
}

/** From now on objects are written in that version too. */
function noteStorageVersion(draft: CustomResourceDefinition): void {
  const stored = draft.status?.storedVersions ?? []
  const missing = storageVersion(draft).filter((version) => !stored.includes(version))
  if (missing.length > 0) draft.status = { ...draft.status, storedVersions: [...stored, ...missing] }
}

function expressionsOf({ spec }: CustomResourceDefinition): Expression[] {
  const { common, versions } = promote(spec ?? EMPTY_SPEC)
  const all = [
    { path: 'spec.validation.openAPIV3Schema', schema: common.schema },
    ...versions.map(({ schema }, index) => ({ path: `spec.versions[${index}].schema.openAPIV3Schema`, schema })),
  ]
  return all.flatMap(({ path, schema }) => (schema === undefined ? [] : ruleExpressions(path, schema)))
}

export const customResourceDefinitions: ResourceDefinition<CustomResourceDefinition> = {
  ...plainResource,
  kind: kinds.CustomResourceDefinition,
  finalizerRule: 'qualified',
  needsRevision: true,
  defaults,
  prepareForCreate(draft) {
    draft.status = { acceptedNames: { plural: '', kind: '' }, conditions: [], storedVersions: storageVersion(draft) }
  },
  prepareForUpdate(draft, old) {
    keepStatus(draft, old)
    noteStorageVersion(draft)
  },
  validateCreate: validate,
  validateUpdate,
  expressionsOf,
  generationOf: 'spec',
  finalizersOnDelete: ['customresourcecleanup.apiextensions.k8s.io'],
  status: { prepareForUpdate: keepSpec, validateUpdate: validateStatus },
}
