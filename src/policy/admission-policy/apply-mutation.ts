import { mergeApplied } from '../../objects/apply/merge.ts'
import { isObject, type JsonObject } from '../../objects/json.ts'
import { applyJsonPatch, isFailedTest, patchProblem } from '../../objects/patch-json.ts'
import type { ObjectSchema } from '../../objects/schema.ts'
import { atomicPaths, problemsText, typeProblems } from './apply-problems.ts'

export type Mutated =
  | { readonly outcome: 'mutated'; readonly object: JsonObject }
  | { readonly outcome: 'error'; readonly message: string }

const NO_ATOMICS = 'invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs'

/** The object with an ApplyConfiguration merged in, as server-side apply merges, but nobody comes to own anything. Parts may be shared. */
export function applyToObject(schema: ObjectSchema, object: JsonObject, configuration: JsonObject): Mutated {
  const config = { ...configuration, apiVersion: object['apiVersion'], kind: object['kind'] }
  const problems = typeProblems(schema, config)
  if (problems.length > 0) {
    return failed(`error applying patch: failed to convert patch object to typed object: ${problemsText(problems)}`)
  }
  const atomic = atomicPaths(schema, config)
  if (atomic.length > 0) return failed(`error applying patch: ${NO_ATOMICS}: ${atomic.join(', ')}`)
  const merged = mergeApplied(schema, object, config)
  return isObject(merged) ? { outcome: 'mutated', object: merged } : failed('error applying patch: it does not leave an object')
}

/** The object with the operations done. One whose test fails leaves it as it was. */
export function patchObject(object: JsonObject, operations: readonly JsonObject[]): Mutated {
  try {
    const patched = applyJsonPatch(object, operations)
    return isObject(patched) ? { outcome: 'mutated', object: patched } : failed('JSONPath: the patch does not leave an object')
  } catch (error) {
    if (isFailedTest(error)) return { outcome: 'mutated', object }
    const op = operations[firstFailing(object, operations)]?.['op']
    const subject = typeof op === 'string' && op !== '' ? `${op} operation does not apply` : 'an operation without op'
    return failed(`JSONPath: ${subject}: ${patchProblem(error)}`)
  }
}

/** Of a patch that fails: with that operation, its beginning fails too. They are tried together, as what they may copy is counted together. */
function firstFailing(object: JsonObject, operations: readonly JsonObject[]): number {
  let [works, fails] = [0, operations.length]
  while (fails - works > 1) {
    const middle = (works + fails) >> 1
    try {
      applyJsonPatch(object, operations.slice(0, middle))
      works = middle
    } catch {
      fails = middle
    }
  }
  return fails - 1
}

function failed(message: string): Mutated {
  return { outcome: 'error', message }
}
