import type { FieldError } from '../../objects/field-error.ts'
import { notSupported, required } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import { kinds } from '../generated/kinds.ts'
import type { Binding } from '../generated/types.ts'
import { virtualResource } from '../plain-resource.ts'

export function validateBinding(binding: Binding): FieldError[] {
  const errors: FieldError[] = []
  const { kind = '', name = '' } = binding.target ?? {}
  if (kind !== '' && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '<empty>']))
  if (name === '') errors.push(required('target.name'))
  return errors
}

export const bindings: ResourceDefinition<Binding> = { ...virtualResource, kind: kinds.Binding, validateCreate: validateBinding }
