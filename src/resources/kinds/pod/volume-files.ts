import { invalidValue, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import { at, checkPresent } from '../../field-checks.ts'
import type { DownwardAPIVolumeFile, KeyToPath } from '../../generated/types.ts'
import { checkFilePath } from './path-checks.ts'
import { checkFieldRef, checkResourceFieldRef, VOLUME_FIELDS } from './validate-environment.ts'

/** The checks of single files in volumes, shared by the types that project files. */
const MODE_DETAIL = 'must be a number between 0 and 0777 (octal), both inclusive'

export function checkMode(errors: Errors, path: string, field: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) errors.push(invalidValue(at(path, field), mode, MODE_DETAIL))
}

export function checkKeysToPaths(errors: Errors, path: string, items: readonly KeyToPath[] | undefined): void {
  items?.forEach((item, index) => {
    const here = `${path}.items[${index}]`
    checkPresent(errors, here, 'key', item.key)
    checkPresent(errors, here, 'path', item.path)
    checkFilePath(errors, `${here}.path`, item.path ?? '')
    checkMode(errors, here, 'mode', item.mode)
  })
}

export function checkDownwardFile(errors: Errors, path: string, file: DownwardAPIVolumeFile): void {
  checkPresent(errors, path, 'path', file.path)
  checkFilePath(errors, `${path}.path`, file.path ?? '')
  if (file.fieldRef !== undefined) {
    checkFieldRef(errors, `${path}.fieldRef`, file.fieldRef, VOLUME_FIELDS)
    if (file.resourceFieldRef !== undefined) {
      errors.push(invalidValue(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    }
  } else if (file.resourceFieldRef !== undefined) {
    checkResourceFieldRef(errors, `${path}.resourceFieldRef`, file.resourceFieldRef, { containerNameRequired: true })
  } else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
  checkMode(errors, path, 'mode', file.mode)
}
