import type { ExpressionChecker } from '../../policy/admission-policy/expression-check.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { plainResource } from '../../resources/plain-resource.ts'
import { invalid } from '../../words/status-error.ts'
import type { Validator } from '../access.ts'

/** Refuses objects whose expressions cannot work: policies, webhooks with conditions, definitions of custom resources. */
export function expressionValidator(checker: ExpressionChecker, definitions: readonly ResourceDefinition[]): Validator {
  const carriers = new Map(
    definitions
      .filter(({ expressionsOf }) => expressionsOf !== plainResource.expressionsOf)
      .map((definition) => [definition.kind, definition]),
  )
  return {
    name: 'Expressions',
    matches: ({ kind, subresource, operation }) => carriers.has(kind) && subresource === '' && operation !== 'DELETE',
    review({ kind, key, object, old }) {
      const definition = carriers.get(kind)
      if (object === undefined || definition === undefined) return { allowed: true, warnings: [] }
      const errors = checker.check(definition.expressionsOf(object), old === undefined ? [] : definition.expressionsOf(old))
      if (errors.length > 0) throw invalid(kind, key.name, errors)
      return { allowed: true, warnings: [] }
    },
  }
}
