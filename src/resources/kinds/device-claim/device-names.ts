import { invalidValue, required, tooLong } from '../../../objects/field-error.ts'
import { cIdentifierErrors } from '../../../objects/names.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsSubdomain } from '../../field-checks.ts'
import { checkDriverName } from '../../name-checks.ts'

const MAX_POOL_NAME = 253
const MAX_ID = 32

/** rack-1/node-7: a pool's name may have several parts. */
export function checkPoolName(errors: Errors, field: string, name = ''): void {
  if (name === '') return void errors.push(required(field))
  if (isLongerThan(name, MAX_POOL_NAME)) errors.push(tooLong(field, MAX_POOL_NAME))
  for (const part of name.split('/')) checkDnsSubdomain(errors, field, '', part)
}

/** The name of an attribute: model, or gpu.example.com/model. */
export function checkAttributeName(errors: Errors, field: string, name: string): void {
  if (name === '') return void errors.push(required(field, 'name required'))
  const [first = '', second, ...rest] = name.split('/')
  if (second === undefined) return checkIdentifier(errors, field, first)
  if (rest.length > 0) return
  if (first === '') errors.push(required(field, 'the domain must not be empty'))
  else checkDriverName(errors, field, '', first)
  if (second === '') errors.push(required(field, 'the name must not be empty'))
  else checkIdentifier(errors, field, second)
}

function checkIdentifier(errors: Errors, field: string, id: string): void {
  if (isLongerThan(id, MAX_ID)) errors.push(tooLong(field, MAX_ID))
  for (const problem of cIdentifierErrors(id)) errors.push({ ...invalidValue(field, id, problem), reason: 'FieldValueTypeInvalid' })
}

/** An attribute of whoever's devices: the domain must be said. */
export function checkFullAttributeName(errors: Errors, field: string, name: string): void {
  checkAttributeName(errors, field, name)
  if (name !== '' && !name.includes('/')) errors.push(invalidValue(field, name, 'must include a domain'))
}
