import assert from 'node:assert/strict'
import type { FieldError } from '../../objects/field-error.ts'
import { copyJson, freezeJson } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Steps } from '../../objects/field-path.testing.ts'
import { parseFieldPath, withPath } from '../../objects/field-path.testing.ts'
import { present } from '../../words/assert.ts'
import type { PrepareContext, ResourceDefinition } from '../definition.ts'

export const NOW = Date.UTC(2026, 0, 1)
export const context: PrepareContext = {
  now: NOW, user: { name: 'alice', uid: 'u1', groups: ['system:authenticated'], extra: {} }, warn() {},
}

/** spec.replicas: Invalid value: -1: must be greater than or equal to 0 */
export function messagesOf(errors: readonly FieldError[]): string[] {
  return errors.map(({ field, message }) => `${field}: ${message}`)
}

/** What a change does to an object: {'spec.replicas': -1}; undefined removes a field. */
export type Change = Readonly<Record<string, unknown>>

export function changed<T extends KubeObject>(object: T, change: Change): T {
  let result = object
  for (const [path, value] of Object.entries(change)) {
    const steps: Steps = present(parseFieldPath(path), `the path ${path}`)
    result = withPath(result, steps, value)
  }
  return copyJson(result)
}

/** A new object as the pipeline makes it: with defaults, prepared, and frozen for the checks. */
export function created<T extends KubeObject>(definition: ResourceDefinition<T>, object: T): T {
  const draft = copyJson(object)
  definition.defaults(draft)
  definition.prepareForCreate(draft, context)
  return freezeJson(draft)
}

export function updated<T extends KubeObject>(definition: ResourceDefinition<T>, object: T, old: T): T {
  const draft = copyJson(object)
  definition.defaults(draft)
  definition.prepareForUpdate(draft, old, context)
  return freezeJson(draft)
}

/** check(change, ...messages): creating the sample with that change reports just that. */
export function createChecks<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  sample: () => T
): (change: Change, ...expected: string[]) => void {
  return (change, ...expected) => {
    const errors = definition.validateCreate(created(definition, changed(sample(), change)))
    assert.deepEqual(messagesOf(errors), expected)
  }
}

/** check(before, change, ...messages): the sample with `before` is stored, then updated with that change. */
export function updateChecks<T extends KubeObject>(
  definition: ResourceDefinition<T>, sample: () => T,
): (before: Change, change: Change, ...expected: string[]) => void {
  return (before, change, ...expected) => {
    const old = created(definition, changed(sample(), before))
    const errors = definition.validateUpdate(updated(definition, changed(old, change), old), old)
    assert.deepEqual(messagesOf(errors), expected)
  }
}

/** The cells of a row, by the names of their columns. */
export function cellsOf<T extends KubeObject>(definition: ResourceDefinition<T>, object: T): Record<string, unknown> {
  return Object.fromEntries(definition.columns.map((column) => [column.name, column.cell(object, NOW)]))
}
