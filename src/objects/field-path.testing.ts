/** How tests say what they change of an object: by the path of a field. */
import { isObject, type JsonObject } from './json.ts'

// .name, [0], ['any key'], ["any key"], [key]
const STEP = /\.?([A-Za-z0-9_$-]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]|\[([^\]'"]+)\]/g

/**
 * spec.containers[0].name -> ['spec', 'containers', 0, 'name']; metadata.labels['a.b/c'] -> [..., 'a.b/c']. Undefined when it is no path.
 */
export function parseFieldPath(text: string): (string | number)[] | undefined {
  const steps: (string | number)[] = []
  let position = 0
  for (const match of text.matchAll(STEP)) {
    const [whole, name, index, single, double, bare] = match
    if (match.index !== position || (name !== undefined && whole.startsWith('.') === (position === 0))) return undefined
    steps.push(index === undefined ? (name ?? single ?? double ?? bare ?? '') : Number(index))
    position += whole.length
  }
  return steps.length > 0 && position === text.length ? steps : undefined
}

export type Steps = readonly (string | number)[]

/** A copy with the value there; everything off the path is shared with the original. Undefined removes a field. */
export function withPath<T extends object>(value: T, steps: Steps, leaf: unknown): T {
  return replaceAt(value, steps, 0, leaf) as T
}

function replaceAt(value: unknown, steps: Steps, at: number, leaf: unknown): unknown {
  const step = steps[at]
  if (step === undefined) return leaf
  if (typeof step === 'number') {
    const list: unknown[] = Array.isArray(value) ? [...value] : []
    list[step] = replaceAt(list[step], steps, at + 1, leaf)
    return list
  }
  const object: JsonObject = isObject(value) ? value : {}
  const inner = replaceAt(object[step], steps, at + 1, leaf)
  if (inner !== undefined) return { ...object, [step]: inner }
  const { [step]: _, ...rest } = object
  return rest
}
