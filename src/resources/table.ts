import type { Integer } from '../objects/json.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { Instant } from '../words/instant.ts'
import type { Column, ResourceDefinition } from './definition.ts'
import { ageOf } from './age.ts'

type Cell<T> = Column<T>['cell']

export const nameColumn: Column<KubeObject> = {
  name: 'Name', type: 'string', format: 'name', priority: 0, description: 'Unique within its namespace and kind.',
  cell: (object) => object.metadata.name ?? '',
}

export const ageColumn: Column<KubeObject> = {
  name: 'Age', type: 'string', priority: 0, description: 'Time since its creation.',
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
}

/** The only column of kinds that say nothing more about themselves. */
export const createdAtColumn: Column<KubeObject> = {
  name: 'Created At', type: 'date', priority: 0, description: 'When it was created.',
  cell: (object) => object.metadata.creationTimestamp ?? '<unknown>',
}

export function textColumn<T>(name: string, description: string, cell: Cell<T>): Column<T> {
  return { name, type: 'string', priority: 0, description, cell }
}

export function numberColumn<T>(name: string, description: string, cell: Cell<T>): Column<T> {
  return { name, type: 'integer', priority: 0, description, cell }
}

/** Shown with -o wide only. */
export function wideColumn<T>(name: string, description: string, cell: Cell<T>): Column<T> {
  return { name, type: 'string', priority: 1, description, cell }
}

/** All columns of a kind in their order: Name first, unless the kind has put it elsewhere. */
export function tableColumns<T extends KubeObject>(definition: ResourceDefinition<T>): readonly Column<T>[] {
  return definition.columns.some((column) => column.format === 'name') ? definition.columns : [nameColumn, ...definition.columns]
}

/** The cells of one row, in the order of the columns. */
export function tableCells<T>(columns: readonly Column<T>[], object: T, now: Instant): (string | Integer | boolean | null)[] {
  return columns.map((column) => column.cell(object, now))
}

/** Joins at most three items: a,b,c + 2 more... */
export function shortList(items: readonly string[]): string {
  const shown = items.slice(0, 3).join(',')
  return items.length > 3 ? `${shown} + ${items.length - 3} more...` : shown
}

/** Labels as kubectl shows them: a=1,b=2 in order of keys; <none> where there are none. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`).sort()
  return pairs.length === 0 ? '<none>' : pairs.join(',')
}
