import { badRequest, StatusError, tooLarge } from '../words/status-error.ts'
import { MAX_DEPTH } from './codec-json.ts'
import { thrownMessage } from '../words/thrown.ts'
import { isDeeperThan, isObject, sameJson, type JsonObject } from './json.ts'

/** As upstream: a longer patch is refused before it is tried. */
const MAX_OPERATIONS = 10_000
/** What copy operations may add up to, as upstream: sixteen doublings of a list, or a thousand copies of a text, must not fill the memory. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024
/** A value counts so much, and its text and keys come on top. */
const VALUE_BYTES = 32
/** To insert or remove an element moves all behind it: so many may be moved by one patch, which takes a fraction of a second. */
const MAX_MOVED_ELEMENTS = 100_000_000
/** Only operations with longer paths, and copies, can make a document that is too deep. */
const MAX_ORDINARY_STEPS = 50

interface Operation {
  readonly op: string
  readonly path: readonly string[]
  readonly from: readonly string[]
  readonly value: unknown
}

/**
 * RFC 6902. The target is never changed; what no operation touches is shared with the result.
 * Throws StatusError: 400 where the patch is malformed, 413 where it is too long, 422 where it does not apply.
 */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch is a list of operations')
  if (patch.length > MAX_OPERATIONS) {
    const detail = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`
    throw tooLarge(`Request entity too large: ${detail}`)
  }
  const operations = patch.map(readOperation)
  const draft: Draft = { root: target, own: new Set(), copiedBytes: 0, movedElements: 0 }
  for (const operation of operations) perform(draft, operation)
  if (operations.some(({ op, path }) => op === 'copy' || path.length > MAX_ORDINARY_STEPS) && isDeeperThan(draft.root, MAX_DEPTH)) {
    throw notApplicable(`the patched object has more than ${MAX_DEPTH} levels`)
  }
  return draft.root
}

const NEEDS_VALUE: ReadonlySet<string> = new Set(['add', 'replace', 'test'])
const NEEDS_FROM: ReadonlySet<string> = new Set(['move', 'copy'])

function readOperation(given: unknown, index: number): Operation {
  if (!isObject(given) || typeof given['op'] !== 'string') throw badRequest(`error decoding patch: operation ${index} has no op`)
  const { op, path, from, value } = given
  const known = op === 'remove' || NEEDS_VALUE.has(op) || NEEDS_FROM.has(op)
  if (!known) throw notApplicable(`Unexpected kind: ${op.slice(0, 64)}`)
  if (NEEDS_VALUE.has(op) && !Object.hasOwn(given, 'value') && op !== 'test') {
    throw badRequest(`error decoding patch: operation ${index} (${op}) has no value`)
  }
  return {
    op,
    path: readPointer(path, 'path', index),
    from: NEEDS_FROM.has(op) ? readPointer(from, 'from', index) : [],
    // A test without a value asks for null, as in upstream's library.
    value: value === undefined ? null : value,
  }
}

/** RFC 6901: '/a~1b/0' -> ['a/b', '0']. */
function readPointer(pointer: unknown, member: string, index: number): string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw badRequest(`error decoding patch: operation ${index} has no valid ${member}`)
  }
  return pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function perform(draft: Draft, operation: Operation): void {
  const { op, path, from, value } = operation
  switch (op) {
    case 'add': return add(draft, path, value)
    case 'remove': return void remove(draft, path)
    case 'replace': return replace(draft, path, value)
    case 'test': {
      if (!sameJson(find(draft, path) ?? null, value)) throw notApplicable(`${FAILED_TEST}${pointerText(path)} failed`)
      return
    }
    case 'move': {
      if (isPrefix(from, path) && from.length < path.length) throw notApplicable(`cannot move ${pointerText(from)} into itself`)
      return add(draft, path, remove(draft, from))
    }
    case 'copy': return copy(draft, from, path)
  }
}

/**
 * A document that is changed by path copying: a container is copied the first time that it is changed, and then changed in place.
 * own holds the copies.
 */
interface Draft {
  root: unknown
  readonly own: Set<unknown>
  copiedBytes: number
  movedElements: number
}

function find(draft: Draft, path: readonly string[]): unknown {
  let current = draft.root
  for (const step of path) current = child(current, step)
  return current
}

function add(draft: Draft, path: readonly string[], value: unknown): void {
  const last = path.at(-1)
  if (last === undefined) return void (draft.root = value)
  const parent = writable(draft, path.slice(0, -1))
  if (Array.isArray(parent)) splice(draft, parent, last === '-' ? parent.length : position(last, parent.length, path), 0, value)
  else parent[safeKey(last)] = value
}

function remove(draft: Draft, path: readonly string[]): unknown {
  const value = find(draft, path)
  const last = path.at(-1)
  if (value === undefined) throw missing(path)
  if (last === undefined) throw notApplicable('the whole document cannot be removed')
  const parent = writable(draft, path.slice(0, -1))
  if (Array.isArray(parent)) splice(draft, parent, Number(last), 1)
  else delete parent[last]
  return value
}

function splice(draft: Draft, list: unknown[], index: number, removed: number, ...added: readonly unknown[]): void {
  draft.movedElements += list.length - index
  if (draft.movedElements > MAX_MOVED_ELEMENTS) {
    throw tooLarge('Request entity too large: the patch inserts and removes too much in long lists')
  }
  list.splice(index, removed, ...added)
}

function replace(draft: Draft, path: readonly string[], value: unknown): void {
  if (find(draft, path) === undefined) throw missing(path)
  const last = path.at(-1)
  if (last === undefined) return void (draft.root = value)
  const parent = writable(draft, path.slice(0, -1))
  if (Array.isArray(parent)) parent[Number(last)] = value
  else parent[last] = value
}

function copy(draft: Draft, from: readonly string[], path: readonly string[]): void {
  const value = find(draft, from)
  if (value === undefined) throw missing(from)
  draft.copiedBytes += sizeOf(value, MAX_COPIED_BYTES - draft.copiedBytes)
  if (draft.copiedBytes >= MAX_COPIED_BYTES) throw tooLarge('Request entity too large: the copy operations of the patch copy too much')
  // Now it stands in two places: neither may be changed in place any more.
  disown(draft, value)
  add(draft, path, value)
}

function disown(draft: Draft, value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  draft.own.delete(value)
  for (const inner of Object.values(value)) disown(draft, inner)
}

/** The container at the path, as a copy of our own together with all that lead to it. */
function writable(draft: Draft, path: readonly string[]): unknown[] | JsonObject {
  let container = adopt(draft, draft.root, path)
  draft.root = container
  for (const step of path) {
    const next = adopt(draft, child(container, step), path)
    if (Array.isArray(container)) container[Number(step)] = next
    else container[step] = next
    container = next
  }
  return container
}

function adopt(draft: Draft, value: unknown, path: readonly string[]): unknown[] | JsonObject {
  if (!Array.isArray(value) && !isObject(value)) throw missing(path)
  if (draft.own.has(value)) return value
  const own = Array.isArray(value) ? [...value] : { ...value }
  draft.own.add(own)
  return own
}

function child(container: unknown, step: string): unknown {
  if (Array.isArray(container)) return /^(0|[1-9][0-9]{0,8})$/.test(step) ? container[Number(step)] : undefined
  return isObject(container) && Object.hasOwn(container, step) ? container[step] : undefined
}

function safeKey(key: string): string {
  if (key === '__proto__') throw notApplicable('the key __proto__ is not supported')
  return key
}

function position(step: string, length: number, path: readonly string[]): number {
  const index = /^(0|[1-9][0-9]{0,8})$/.test(step) ? Number(step) : -1
  if (index < 0 || index > length) throw notApplicable(`${pointerText(path)}: index out of bounds`)
  return index
}

/** About what a copy takes; it is not counted beyond the limit. */
function sizeOf(value: unknown, limitBytes: number): number {
  if (typeof value === 'string') return VALUE_BYTES + value.length
  if (typeof value !== 'object' || value === null) return VALUE_BYTES
  let bytes = VALUE_BYTES
  for (const [key, inner] of Object.entries(value)) {
    bytes += (Array.isArray(value) ? 0 : key.length) + sizeOf(inner, limitBytes - bytes)
    if (bytes >= limitBytes) return bytes
  }
  return bytes
}

function isPrefix(prefix: readonly string[], path: readonly string[]): boolean {
  return prefix.every((step, index) => step === path[index])
}

function pointerText(path: readonly string[]): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('').slice(0, 256)
}

function missing(path: readonly string[]): StatusError {
  return notApplicable(`${pointerText(path)}: no such path`)
}

const REJECTED = 'the server rejected our request due to an error in our request: '
const FAILED_TEST = 'testing value '

/** Whether a patch could not be applied because of one of its own tests. */
export function isFailedTest(error: unknown): boolean {
  return error instanceof StatusError && error.message.startsWith(`${REJECTED}${FAILED_TEST}`)
}

/** What is wrong with a patch, for who did not get it from a client. */
export function patchProblem(error: unknown): string {
  const message = thrownMessage(error)
  return message.startsWith(REJECTED) ? message.slice(REJECTED.length) : message
}

function notApplicable(detail: string): StatusError {
  const message = `${REJECTED}${detail}`
  return new StatusError(422, 'Invalid', message)
}
