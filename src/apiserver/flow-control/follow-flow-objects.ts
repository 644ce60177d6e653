import type { KindRef } from '../../objects/kind.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ObjectReader } from '../access.ts'
import type { ResourceSet } from '../resource-set.ts'
import type { FlowObjects } from './flow-control.ts'

/** Tells of the flow schemas and priority levels as they stand in the caches, now and whenever they change. */
export function followFlowObjects(resources: ResourceSet, reader: ObjectReader, tell: (objects: FlowObjects) => void): void {
  const watched: readonly KindRef[] = [kinds.FlowSchema, kinds.PriorityLevelConfiguration]
  if (!watched.every(({ group, version, plural }) => resources.find(group, version, plural) !== undefined)) return
  let seen = ''
  const look = (): void => {
    // Conditions change more often than specs do, and concern nobody here.
    const generations = watched.flatMap(
      (kind) => reader.list(kind).map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.generation}`),
    ).join()
    if (generations === seen) return
    seen = generations
    tell(flowObjects(reader))
  }
  for (const kind of watched) {
    const { cache } = resources.of(kind)
    // A cache that is read anew says so before it is full again, in the same step.
    cache.watch(cache.prefix, { offer: () => undefined, flush: look, lost: () => void Promise.resolve().then(look) }, undefined)
  }
  look()
}

export function flowObjects(reader: ObjectReader): FlowObjects {
  return { schemas: reader.list(kinds.FlowSchema), levels: reader.list(kinds.PriorityLevelConfiguration) }
}
