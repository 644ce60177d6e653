import { sameJson, type JsonObject } from '../../objects/json.ts'
import { renamed } from '../aggregation/remote-spec.ts'
import type { RemoteSpec } from '../aggregation/remote-spec.ts'

/** What stands in the document already. */
export interface OwnSpec {
  readonly paths: ReadonlySet<string>
  /** By the names of their definitions. */
  readonly schemaNames: ReadonlyMap<string, string>
  schema(schemaName: string): object | undefined
}

export interface MergedSpecs {
  readonly paths: readonly (readonly [string, JsonObject])[]
  readonly definitions: readonly (readonly [string, JsonObject])[]
}

/**
 * What others' documents add to ours. Who comes first keeps a path; a definition that is another one than ours of the same name gets a name
 * of its own, in the document that brought it: io.k8s.Status -> io.k8s.Status_v2.
 */
export function mergedSpecs(specs: readonly RemoteSpec[], own: OwnSpec): MergedSpecs {
  const paths = new Map<string, JsonObject>()
  const definitions = new Map<string, JsonObject>()
  for (const spec of specs) {
    const names = newNames(spec, own, definitions)
    const nameOf = (name: string): string => names.get(name) ?? name
    for (const [name, definition] of Object.entries(spec.definitions)) {
      const newName = nameOf(name)
      if (!own.schemaNames.has(newName) && !definitions.has(newName)) definitions.set(newName, renamed(definition, nameOf))
    }
    for (const [path, item] of Object.entries(spec.paths)) {
      if (!own.paths.has(path) && !paths.has(path)) paths.set(path, renamed(item, nameOf))
    }
  }
  return { paths: [...paths], definitions: [...definitions] }
}

/** The names of those that cannot keep theirs. */
function newNames(spec: RemoteSpec, own: OwnSpec, merged: ReadonlyMap<string, JsonObject>): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const isTaken = (name: string): boolean => (
    taken.has(name) || own.schemaNames.has(name) || merged.has(name) || spec.definitions[name] !== undefined
  )
  // Another server may have brought the same one already.
  const isSame = (known: JsonObject | undefined, definition: JsonObject): boolean => known !== undefined && sameSchema(known, definition)
  for (const [name, definition] of Object.entries(spec.definitions)) {
    const schemaName = own.schemaNames.get(name)
    const other = schemaName === undefined ? merged.get(name) : own.schema(schemaName)
    if (other === undefined || sameSchema(other, definition)) continue
    let count = 2
    while (isTaken(`${name}_v${count}`) && !isSame(merged.get(`${name}_v${count}`), definition)) count++
    names.set(name, `${name}_v${count}`)
    taken.add(`${name}_v${count}`)
  }
  return names
}

const KINDS = 'x-kubernetes-group-version-kind'

/** Whose kinds a definition is of depends on who serves it: DeleteOptions is of every group. */
function sameSchema(one: object, other: JsonObject): boolean {
  return sameJson({ ...one, [KINDS]: undefined }, { ...other, [KINDS]: undefined })
}
