import type { KubeObject } from '../../objects/kube-object.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { tableCells, tableColumns } from '../../resources/table.ts'
import type { Instant } from '../../words/instant.ts'
import { badRequest } from '../../words/status-error.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export function parseIncludeObject(query: URLSearchParams): IncludeObject {
  const text = query.get('includeObject') ?? 'Metadata'
  if (text === '' || text === 'Metadata') return 'Metadata'
  if (text === 'None' || text === 'Object') return text
  throw badRequest(`includeObject must be None, Metadata or Object, not ${JSON.stringify(text)}`)
}

/** metav1.Table: what kubectl get shows. */
export function tableOf(
  definition: ResourceDefinition, objects: Iterable<KubeObject>,
  options: { metadata: JsonObject; include: IncludeObject; now: Instant; withColumns: boolean },
): JsonObject {
  const columns = tableColumns(definition)
  const rows: JsonObject[] = []
  for (const object of objects) {
    const cells = tableCells(columns, object, options.now)
    if (options.include === 'None') rows.push({ cells })
    else rows.push({ cells, object: options.include === 'Object' ? object : partialOf(object) })
  }
  return {
    kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: options.metadata,
    columnDefinitions: options.withColumns
      ? columns.map(({ name, type, format = '', description, priority }) => ({ name, type, format, description, priority }))
      : null,
    rows,
  }
}

export function partialOf(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}
