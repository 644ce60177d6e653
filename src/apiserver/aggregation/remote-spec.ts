import { isObject, type JsonObject } from '../../objects/json.ts'

/** What another server's OpenAPI 2.0 document says about one group's version. */
export interface RemoteSpec {
  readonly paths: Readonly<Record<string, JsonObject>>
  /** What the paths refer to, and what that refers to. */
  readonly definitions: Readonly<Record<string, JsonObject>>
}

const REFERENCE = '#/definitions/'
/** Deeper ones would make those who write documents run out of stack. */
const MAX_DEPTH = 100

/** Only its own paths: others are not its to tell. Throws an Error where the document is nested too deeply. */
export function remoteSpec(document: JsonObject, group: string, version: string): RemoteSpec {
  const own = `/apis/${group}/${version}`
  const isOwn = (path: string): boolean => path === own || path.startsWith(`${own}/`) || path === `/apis/${group}/`
  const paths = members(document['paths']).filter(([path]) => isOwn(path))
  const known = new Map(members(document['definitions']))
  const definitions = new Map<string, JsonObject>()
  const waiting = paths.flatMap(([, item]) => referencesIn(item))
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const definition = known.get(name)
    if (definition === undefined || definitions.has(name)) continue
    definitions.set(name, definition)
    waiting.push(...referencesIn(definition))
  }
  return { paths: Object.fromEntries(paths), definitions: Object.fromEntries(definitions) }
}

function members(value: unknown): readonly (readonly [string, JsonObject])[] {
  return isObject(value) ? Object.entries(value).flatMap(([name, member]) => (isObject(member) ? [[name, member] as const] : [])) : []
}

function referencesIn(root: JsonObject): string[] {
  const found: string[] = []
  const waiting: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, depth } = next
    if (typeof value !== 'object' || value === null) continue
    if (depth > MAX_DEPTH) throw new Error(`the OpenAPI document is nested more than ${MAX_DEPTH} deep`)
    for (const [key, child] of Object.entries(value)) {
      if (key === '$ref' && typeof child === 'string' && child.startsWith(REFERENCE)) found.push(child.slice(REFERENCE.length))
      else waiting.push({ value: child, depth: depth + 1 })
    }
  }
  return found
}

/** With other names of definitions in its references; prefix: how they begin in the result. */
export function renamed<T>(value: T, nameOf: (name: string) => string, prefix: string = REFERENCE): T {
  if (Array.isArray(value)) return value.map((item: unknown) => renamed(item, nameOf, prefix)) as T
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => {
    const isReference = key === '$ref' && typeof child === 'string' && child.startsWith(REFERENCE)
    return [key, isReference ? prefix + nameOf(child.slice(REFERENCE.length)) : renamed(child, nameOf, prefix)]
  })) as T
}
