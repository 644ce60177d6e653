import { isStatus } from '../../words/status-error.ts'
import type { DeleteOptions } from '../options/delete-options.ts'
import type { CachedObject, Served } from '../watch-cache/cached-object.ts'
import { deleteObject } from './delete.ts'
import type { PipelineParts, WriteRequest } from './write-request.ts'

/** So many deletions are under way at once. */
const WORKERS = 16

/** Each object is deleted by itself, on the condition that it is still the one that was selected. What is gone meanwhile is no error. */
export async function deleteCollection(
  parts: PipelineParts, request: WriteRequest, selected: readonly CachedObject[], options: DeleteOptions,
): Promise<readonly Served[]> {
  const deleted: Served[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let object = selected[next++]; object !== undefined; object = selected[next++]) {
      const served = await deleteOne(parts, request, object, options)
      if (served !== undefined) deleted.push(served)
    }
  }
  await Promise.all(Array.from({ length: Math.min(WORKERS, selected.length) }, work))
  return deleted
}

async function deleteOne(
  parts: PipelineParts, request: WriteRequest, { object }: CachedObject, options: DeleteOptions,
): Promise<Served | undefined> {
  const { namespace = '', name = '', uid } = object.metadata
  try {
    const one = { ...request, signal: request.signal, key: { namespace, name }, warn: (message: string) => request.warn(message) }
    const result = await deleteObject(parts, one, { ...options, uid: options.uid ?? uid })
    return result.served
  } catch (error) {
    const isConditional = options.uid !== undefined || options.resourceVersion !== undefined
    if (isStatus(error, 'NotFound') || (isStatus(error, 'Conflict') && !isConditional)) return undefined
    throw error
  }
}
