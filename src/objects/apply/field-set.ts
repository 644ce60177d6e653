/**
 * A set of fields, in the very form in which managedFields stores it (FieldsV1), so that it is never encoded or decoded:
 *   { "f:spec": {
 *       "f:replicas": {},
 *       "f:template": { "f:spec": { "f:containers": { "k:{\"name\":\"web\"}": { ".": {}, "f:image": {} } } } } } }
 * A node without members is a field of the set. A node with members is one only where "." stands among them.
 * Sets are never changed: every operation shares what it can with its operands, and gives an operand back where the result is equal to it.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet
}

export const emptySet: FieldSet = {}

/** A field without fields below it. The same object as the empty set: at the root it means nothing, below it a field. */
export const leaf: FieldSet = emptySet

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false
  return true
}

/** Whether the node itself is a field of the set, not only what is below it. Not for the root. */
export function isMember(node: FieldSet): boolean {
  return node['.'] !== undefined || isEmpty(node)
}

/** The node as a field of the set itself, together with what is below it. */
export function asMember(node: FieldSet): FieldSet {
  return isMember(node) ? node : { '.': leaf, ...node }
}

export function unionSets(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b
  return isEmpty(b) ? a : unionMembers(a, b)
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  if (isEmpty(a)) return asMember(b)
  return isEmpty(b) ? asMember(a) : unionMembers(a, b)
}

function unionMembers(a: FieldSet, b: FieldSet): FieldSet {
  let union: { [element: string]: FieldSet } | undefined
  for (const element in b) {
    const left = a[element]
    const right = b[element] ?? leaf
    const both = left === undefined ? right : unionNodes(left, right)
    if (both !== left) (union ??= { ...a })[element] = both
  }
  return union ?? a
}

/** What is in a and not in b, field by field: a field of b does not take those below it away. */
export function subtractSets(a: FieldSet, b: FieldSet): FieldSet {
  return isEmpty(a) || isEmpty(b) ? a : subtractMembers(a, b)
}

type NodeResult = FieldSet | undefined

function subtractNodes(a: FieldSet, b: FieldSet): NodeResult {
  const gone = isMember(b)
  if (isEmpty(a)) return gone ? undefined : a
  const rest = subtractMembers(a, b)
  if (!gone || a['.'] === undefined) return isEmpty(rest) ? undefined : rest
  const { '.': _, ...below } = rest
  return isEmpty(below) ? undefined : below
}

function subtractMembers(a: FieldSet, b: FieldSet): FieldSet {
  let rest: { [element: string]: FieldSet } | undefined
  for (const element in a) {
    const left = a[element] ?? leaf
    const right = element === '.' ? undefined : b[element]
    const kept = right === undefined ? left : subtractNodes(left, right)
    if (kept === left) continue
    rest ??= { ...a }
    if (kept === undefined) delete rest[element]
    else rest[element] = kept
  }
  return rest ?? a
}

export function intersectSets(a: FieldSet, b: FieldSet): FieldSet {
  return a === b ? a : (intersectMembers(a, b) ?? emptySet)
}

function intersectNodes(a: FieldSet, b: FieldSet): NodeResult {
  if (a === b) return a
  const both = isMember(a) && isMember(b)
  const below = intersectMembers(a, b)
  if (below === undefined) return both ? leaf : undefined
  return both ? { '.': leaf, ...below } : below
}

function intersectMembers(a: FieldSet, b: FieldSet): NodeResult {
  let common: { [element: string]: FieldSet } | undefined
  for (const element in a) {
    const left = a[element]
    const right = b[element]
    if (element === '.' || left === undefined || right === undefined) continue
    const node = intersectNodes(left, right)
    if (node !== undefined) (common ??= {})[element] = node
  }
  return common
}

export function sameSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true
  for (const element in a) {
    const right = b[element]
    if (right === undefined || !sameSets(a[element] ?? leaf, right)) return false
  }
  for (const element in b) if (a[element] === undefined) return false
  return true
}

/** Every field of the set, as the elements that lead to it. */
export function fieldsOf(set: FieldSet): string[][] {
  const fields: string[][] = []
  const visit = (node: FieldSet, path: readonly string[]): void => {
    for (const element in node) {
      const inner = node[element] ?? leaf
      if (element === '.') continue
      const at = [...path, element]
      if (isMember(inner)) fields.push(at)
      visit(inner, at)
    }
  }
  visit(set, [])
  return fields
}
