import type { FieldError } from '../../../objects/field-error.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { DeviceClass } from '../../generated/types.ts'
import { plainResource } from '../../plain-resource.ts'
import { ageColumn } from '../../table.ts'
import { checkConfig, checkCount, checkSelectors, selectorExpressions } from './claim-checks.ts'

function validate({ spec }: DeviceClass): FieldError[] {
  const errors: Errors = []
  checkSelectors(errors, 'spec.selectors', spec?.selectors ?? [])
  const config = spec?.config ?? []
  config.forEach((item, index) => checkConfig(errors, `spec.config[${index}]`, item))
  checkCount(errors, 'spec.config', config)
  return errors
}

export const deviceClasses: ResourceDefinition<DeviceClass> = {
  ...plainResource,
  kind: kinds.DeviceClass,
  validateCreate: validate,
  validateUpdate: validate,
  expressionsOf: ({ spec }) => selectorExpressions('spec.selectors', spec?.selectors),
  generationOf: 'spec',
  columns: [ageColumn],
}
