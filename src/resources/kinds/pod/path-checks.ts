import { invalidValue } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'

export function hasBacksteps(path: string): boolean {
  return path.includes('..') && path.split('/').includes('..')
}

export function checkNoBacksteps(errors: Errors, field: string, path: string): void {
  if (hasBacksteps(path)) errors.push(invalidValue(field, path, "must not contain '..'"))
}

/** a/b, not /a and not a/../b: stays below where it is put. */
export function checkRelativePath(errors: Errors, field: string, path: string): void {
  if (path.startsWith('/')) errors.push(invalidValue(field, path, 'must be a relative path'))
  checkNoBacksteps(errors, field, path)
}

/** Names that start with two dots belong to the node, which swaps whole directories through them. */
export function checkFilePath(errors: Errors, field: string, path: string): void {
  checkRelativePath(errors, field, path)
  if (path.startsWith('..') && !path.startsWith('../')) errors.push(invalidValue(field, path, "must not start with '..'"))
}
