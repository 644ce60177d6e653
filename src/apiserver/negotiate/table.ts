import { invalidValue } from '../../objects/field-error.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { Column } from '../../resources/definition.ts'
import { ageColumn, numberColumn, tableCells, textColumn } from '../../resources/table.ts'
import type { Instant } from '../../words/instant.ts'
import { badRequest } from '../../words/status-error.ts'
import type { MetaVersion } from './accept.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export function parseIncludeObject(query: URLSearchParams): IncludeObject {
  const text = query.get('includeObject') ?? 'Metadata'
  if (text === '' || text === 'Metadata') return 'Metadata'
  if (text === 'None' || text === 'Object') return text
  const { field, message } = invalidValue('includeObject', text, "must be 'Metadata', 'Object', 'None', or empty")
  throw badRequest(`Unable to convert to Table as requested: ${field}: ${message}`)
}

export interface TableOptions {
  readonly meta: MetaVersion
  readonly metadata: JsonObject
  readonly include: IncludeObject
  readonly now: Instant
  readonly withColumns: boolean
}

export interface Table extends JsonObject {
  readonly kind: string
  readonly apiVersion: string
  readonly rows: readonly JsonObject[]
}

/** metav1.Table: what kubectl get shows. */
export function tableOf(columns: readonly Column<KubeObject>[], objects: Iterable<KubeObject>, options: TableOptions): Table {
  const { meta, include } = options
  const rows: JsonObject[] = []
  for (const object of objects) {
    const cells = tableCells(columns, object, options.now)
    if (include === 'None') rows.push({ cells, object: null })
    else rows.push({ cells, object: include === 'Object' ? object : partialOf(object, meta) })
  }
  return {
    kind: 'Table', apiVersion: meta, metadata: options.metadata,
    columnDefinitions: options.withColumns
      ? columns.map(({ name, type, format = '', description, priority }) => ({ name, type, format, description, priority }))
      : null,
    rows,
  }
}

export function partialOf({ metadata }: KubeObject, meta: MetaVersion): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: meta, metadata }
}

interface ScaleLike extends KubeObject {
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly replicas?: number }
}

/** A Scale is shown as one, whatever it is the scale of. */
export const scaleColumns: readonly Column<ScaleLike>[] = [
  textColumn('Name', 'Whose scale it is.', ({ metadata }) => metadata.name ?? ''),
  numberColumn('Desired', 'How many are wanted.', ({ spec }) => spec?.replicas ?? 0),
  numberColumn('Available', 'How many there are.', ({ status }) => status?.replicas ?? 0),
  ageColumn,
]
