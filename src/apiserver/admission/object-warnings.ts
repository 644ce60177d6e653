import type { KindRef } from '../../objects/kind.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { plainResource } from '../../resources/plain-resource.ts'
import type { Validator } from '../access.ts'

/**
 * Shows a writer what the kind has to say about the object: all that is allowed and yet hardly meant. Refuses nothing. served: another list
 * when it changes.
 */
export function objectWarnings(served: () => readonly ResourceDefinition[]): Validator {
  let telling = tellingKinds(served())
  const definitionOf = (kind: KindRef): ResourceDefinition | undefined => {
    const definitions = served()
    if (telling.of !== definitions) telling = tellingKinds(definitions)
    return telling.kinds.get(kind)
  }
  return {
    name: 'ObjectWarnings',
    matches: ({ operation, subresource, kind }) => (
      subresource === '' && (operation === 'CREATE' || operation === 'UPDATE') && definitionOf(kind) !== undefined
    ),
    review({ kind, object, old }) {
      const warnings = object === undefined ? [] : (definitionOf(kind)?.warnings(object, old) ?? [])
      return { allowed: true, warnings }
    },
  }
}

function tellingKinds(
  definitions: readonly ResourceDefinition[],
): { readonly of: readonly ResourceDefinition[]; readonly kinds: ReadonlyMap<KindRef, ResourceDefinition> } {
  const telling = definitions.filter(({ warnings }) => warnings !== plainResource.warnings)
  return { of: definitions, kinds: new Map(telling.map((definition) => [definition.kind, definition])) }
}
