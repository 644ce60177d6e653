import { jsonPath } from '../../objects/json-path.ts'
import { isObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { ageOf } from '../../resources/age.ts'
import type { Column } from '../../resources/definition.ts'
import type { CustomResourceColumnDefinition } from '../../resources/generated/types.ts'
import { ageColumn } from '../../resources/table.ts'

type Cell = ReturnType<Column<KubeObject>['cell']>
type Show = (value: unknown, now: number) => Cell

/** How the first value that a path leads to is shown; a value of another type is not. */
const SHOWN: Readonly<Record<Column<KubeObject>['type'], Show>> = {
  string: (value) => (typeof value === 'string' ? value
    : value === null ? null
    : isObject(value) || Array.isArray(value) ? jsonText(value)
    : String(value)),
  integer: (value) => (typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null),
  number: (value) => (typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null),
  boolean: (value) => (typeof value === 'boolean' ? value : null),
  date: (value, now) => (typeof value === 'string' ? ageOf(value, now) : null),
}

/** The columns that a CustomResourceDefinition asks for; the age where it asks for none. */
export function printerColumns(wanted: readonly CustomResourceColumnDefinition[] | undefined): readonly Column<KubeObject>[] {
  return wanted === undefined || wanted.length === 0 ? [ageColumn] : wanted.map(printerColumn)
}

function printerColumn(
  { name, type, format, priority = 0, description, jsonPath: source }: CustomResourceColumnDefinition,
): Column<KubeObject> {
  const path = jsonPath(source)
  const columnType = isColumnType(type) ? type : 'string'
  return {
    name, type: columnType, priority, ...(format === undefined ? {} : { format }),
    description: description ?? `Custom resource definition column (in JSONPath format): ${source}`,
    cell(object, now) {
      const [value] = path?.find(object) ?? []
      return value === undefined ? null : SHOWN[columnType](value, now)
    },
  }
}

function isColumnType(type: string): type is Column<KubeObject>['type'] {
  return type in SHOWN
}
