import type { FieldError } from '../../objects/field-error.ts'
import { required } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, checkNotNegative } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { ControllerRevision } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'

function validate({ data, revision }: ControllerRevision): FieldError[] {
  const errors: Errors = []
  if (data === undefined || data === null) errors.push(required('data', 'data is mandatory'))
  checkNotNegative(errors, '', 'revision', revision)
  return errors
}

/** statefulset.apps/web */
function controllerText({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
  if (owner === undefined) return '<none>'
  const slash = owner.apiVersion.indexOf('/')
  const group = slash === -1 ? '' : `.${owner.apiVersion.slice(0, slash)}`
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}

export const controllerRevisions: ResourceDefinition<ControllerRevision> = {
  ...plainResource,
  kind: kinds.ControllerRevision,
  defaults(draft) {
    draft.revision ??= 0
  },
  validateCreate: validate,
  validateUpdate(revision, old) {
    const errors = validate(revision)
    checkImmutable(errors, 'data', revision.data, old.data)
    return errors
  },
  columns: [
    textColumn('Controller', 'Whose revision it is.', controllerText),
    textColumn('Revision', 'Its number: the highest is the latest.', ({ revision }) => revision ?? 0),
    ageColumn,
  ],
}
