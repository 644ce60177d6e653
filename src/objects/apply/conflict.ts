import { StatusError, type StatusCause } from '../../words/status-error.ts'
import type { ManagedFieldsEntry } from '../kube-object.ts'
import { fieldsOf, type FieldSet } from './field-set.ts'
import { formatFieldPath } from './path-element.ts'

/** Another manager owns fields that an apply would change. */
export interface Conflict {
  readonly entry: ManagedFieldsEntry
  readonly fields: FieldSet
}

const MAX_CAUSES = 1000

/** 409 with a cause for each field, worded as kubectl's users know it. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const found = conflicts.flatMap(({ entry, fields }) =>
    fieldsOf(fields).map((path) => ({ who: describe(entry), path: formatFieldPath(path) }))
  )
  const causes: StatusCause[] = found.slice(0, MAX_CAUSES).map(({ who, path }) => ({
    reason: 'FieldManagerConflict', message: `conflict with ${who}`, field: path,
  }))
  const [first] = found
  if (found.length === 1 && first !== undefined) {
    return new StatusError(409, 'Conflict', `Apply failed with 1 conflict: conflict with ${first.who}: ${first.path}`, { causes })
  }
  const byManager = Map.groupBy(found.slice(0, MAX_CAUSES), ({ who }) => who)
  const lines = [...byManager.keys()].sort().flatMap((who) => [
    `conflicts with ${who}:`, ...(byManager.get(who) ?? []).map(({ path }) => `- ${path}`),
  ])
  return new StatusError(409, 'Conflict', `Apply failed with ${found.length} conflicts: ${lines.join('\n')}`, { causes })
}

/** "kubectl-client-side-apply" using apps/v1; appliers have no version, whatever they apply in. */
function describe(entry: ManagedFieldsEntry): string {
  const subresource = (entry.subresource ?? '') === '' ? '' : ` with subresource ${JSON.stringify(entry.subresource)}`
  const version = entry.operation === 'Update' ? ` using ${entry.apiVersion ?? ''}` : ''
  return `${JSON.stringify(entry.manager ?? '')}${subresource}${version}`
}
