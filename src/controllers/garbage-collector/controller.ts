import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { keyOf } from '../../objects/kube-object.ts'
import type { Controller, Snapshot } from '../../reconcile/controller.ts'
import { OwnerGraph, isDeletedInForeground, isOrphaning } from './graph.ts'
import type { GarbageView } from './plan.ts'
import { planGarbage } from './plan.ts'

/** Deletes objects whose owners are gone, in the order that the deletion of the owner asked for. collected: all stored kinds but events. */
export function garbageCollector(collected: readonly KindRef[]): Controller<GarbageView> {
  const graph = new OwnerGraph(collected)
  return {
    name: 'garbage-collector',
    account: 'generic-garbage-collector',
    reads: collected.map((kind) => ({ kind, keysOf: (object, snapshot) => concerned(graph, kind, object, snapshot) })),
    writes: collected,
    observe(key, snapshot) {
      const item = graph.itemAt(key, snapshot)
      if (item === undefined) return undefined
      const references = item.object.metadata.ownerReferences ?? []
      const ending = item.object.metadata.deletionTimestamp !== undefined
      if (references.length === 0 && !ending) return undefined
      const owners = references.map((reference) => graph.ownerState(item.object, reference, snapshot))
      // Most objects' owners are well: their dependents need not be gathered.
      const needsDependents = ending || owners.some(({ state }) => state !== 'solid')
      return { item, owners, dependents: needsDependents ? graph.dependentsOf(item.object.metadata.uid ?? '', snapshot) : [] }
    },
    plan: planGarbage,
  }
}

/** Itself, when an owner is gone or going or it has a finalizer to work off; its dependents, when it is; the owners that wait for it. */
function concerned(graph: OwnerGraph, kind: KindRef, object: KubeObject, snapshot: Snapshot): readonly string[] {
  const { uid = '', ownerReferences = [] } = object.metadata
  const keys: string[] = []
  const losesOwner = ownerReferences.some((reference) => graph.ownerState(object, reference, snapshot).state !== 'solid')
  if (losesOwner || isOrphaning(object) || isDeletedInForeground(object)) keys.push(graph.keyOf(kind, object))
  const present = snapshot.get(kind, keyOf(object))
  if (present === undefined || present.metadata.uid !== uid || isDeletedInForeground(object)) {
    for (const dependent of graph.dependentsOf(uid, snapshot)) keys.push(graph.keyOf(dependent.kind, dependent.object))
  }
  for (const reference of ownerReferences) {
    const ownerKey = graph.waitingOwnerKey(object, reference, snapshot)
    if (ownerKey !== undefined) keys.push(ownerKey)
  }
  return keys
}
