import type { ManagedFieldsEntry } from '../kube-object.ts'
import type { FieldSet } from './field-set.ts'

/** What a write did to the fields of an object. */
export interface Changes {
  readonly changed: FieldSet
  readonly removed: FieldSet
}

/**
 * The same as other versions of the kind show it, by their apiVersion. A manager's fields are those of the version in which it wrote: where
 * versions have other fields, only that version can tell what became of them. What is not there has the fields of the written version.
 */
export type ChangesByVersion = ReadonlyMap<string, Changes>

export const noOtherVersions: ChangesByVersion = new Map()

export function changesFor({ apiVersion }: ManagedFieldsEntry, own: Changes, others: ChangesByVersion): Changes {
  return others.size === 0 || apiVersion === undefined ? own : (others.get(apiVersion) ?? own)
}
