import type { KindRef } from '../../objects/kind.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { plainResource } from '../../resources/plain-resource.ts'
import type { Validator } from '../access.ts'

/** Shows a writer what the kind has to say about the object: all that is allowed and yet hardly meant. Refuses nothing. */
export function objectWarnings(definitions: readonly ResourceDefinition[]): Validator {
  const telling = new Map<KindRef, ResourceDefinition>(
    definitions.filter(({ warnings }) => warnings !== plainResource.warnings).map((definition) => [definition.kind, definition]),
  )
  return {
    name: 'ObjectWarnings',
    matches: ({ operation, subresource, kind }) => (
      subresource === '' && (operation === 'CREATE' || operation === 'UPDATE') && telling.has(kind)
    ),
    review({ kind, object, old }) {
      const warnings = object === undefined ? [] : (telling.get(kind)?.warnings(object, old) ?? [])
      return { allowed: true, warnings }
    },
  }
}
