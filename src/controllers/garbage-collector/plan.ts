import type { DeleteOptions } from '../../client/client.ts'
import type { KubeObject, OwnerReference } from '../../objects/kube-object.ts'
import { keyOf } from '../../objects/kube-object.ts'
import type { Action, Plan } from '../../reconcile/controller.ts'
import type { Item, OwnerState } from './graph.ts'
import { FOREGROUND, ORPHAN, blocks, isDeletedInForeground, isOrphaning } from './graph.ts'

export interface GarbageView {
  readonly item: Item
  readonly owners: readonly OwnerState[]
  readonly dependents: readonly Item[]
}

const MAX_ORPHANS = 200

/** What becomes of one object: whether it waits for its dependents or lets go of them, or goes because its owners are gone. */
export function planGarbage(view: GarbageView): Plan {
  const { item, dependents } = view
  if (isOrphaning(item.object)) return planOrphaning(item, dependents)
  if (isDeletedInForeground(item.object)) return planForeground(item, dependents)
  if (item.object.metadata.deletionTimestamp !== undefined) return { actions: [], why: 'It is being deleted already.' }
  return planDependent(view)
}

/** The owner goes, its dependents stay: they lose their reference first. */
function planOrphaning(item: Item, dependents: readonly Item[]): Plan {
  const uid = item.object.metadata.uid ?? ''
  if (dependents.length === 0) return { actions: [withoutFinalizer(item, ORPHAN)], why: 'No dependent refers to it any more: lets it go.' }
  const actions = dependents.slice(0, MAX_ORPHANS).map((dependent) =>
    withReferences(
      dependent,
      referencesOf(dependent.object).filter((reference) => reference.uid !== uid)
    )
  )
  return { actions, why: `Frees its ${dependents.length} dependents, which outlive it.` }
}

/** The dependents that block it go first; they are planned by their own keys. */
function planForeground(item: Item, dependents: readonly Item[]): Plan {
  const blocking = dependents.filter((dependent) => blocks(dependent, item.object.metadata.uid ?? ''))
  if (blocking.length === 0) return { actions: [withoutFinalizer(item, FOREGROUND)], why: 'No dependent holds it any more: lets it go.' }
  return {
    actions: [],
    why: `Waits for ${blocking.length} dependents to go first, such as ${blocking[0]?.kind.singular} ${blocking[0]?.object.metadata.name}.`,
  }
}

/** A dependent lives as long as one of its owners does. */
function planDependent({ item, owners, dependents }: GarbageView): Plan {
  const solid = owners.filter(({ state }) => state === 'solid')
  const lost = owners.filter(({ state }) => state !== 'solid')
  if (lost.length === 0) return { actions: [], why: 'Its owners are there.' }
  const checks = lost.flatMap((owner): readonly Action[] => {
    return owner.state === 'absent' ? [{ verb: 'expect-absent', kind: owner.kind, key: owner.key, uid: owner.reference.uid }] : []
  })
  const names = lost.map(({ reference }) => `${reference.kind} ${reference.name}`).join(', ')
  if (solid.length > 0) {
    const kept = withReferences(item, solid.map(({ reference }) => reference))
    return { actions: [...checks, kept], why: `${names} is gone or going, another owner stays: drops the reference.` }
  }
  const waiting = lost.some(({ state }) => state === 'waiting')
  if (waiting && holdsBack(item) && dependents.some(({ object }) => isDeletedInForeground(object))) {
    const released = withReferences(item, referencesOf(item.object).map((reference) => ({ ...reference, blockOwnerDeletion: false })))
    const why = 'Its owner waits for it, and it for a dependent that goes too: lets its owners go, in case they are in a circle.'
    return { actions: [...checks, released], why }
  }
  const policy = waiting && dependents.length > 0 ? 'Foreground' : policyOf(item.object)
  return { actions: [...checks, deletion(item, policy)], why: `${names} is gone or going, and no other owner is left: deletes it.` }
}

function holdsBack({ object }: Item): boolean {
  return referencesOf(object).some(({ blockOwnerDeletion }) => blockOwnerDeletion === true)
}

/** A finalizer that was set before the deletion says how the object's own dependents are to be treated. */
function policyOf({ metadata }: KubeObject): NonNullable<DeleteOptions['propagationPolicy']> {
  const finalizers = metadata.finalizers ?? []
  return finalizers.includes(ORPHAN) ? 'Orphan' : finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background'
}

function deletion({ kind, object }: Item, propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>): Action {
  const { uid } = object.metadata
  // The version too: whoever gave it a new owner meanwhile must be heard.
  const { resourceVersion } = object.metadata
  const options = {
    propagationPolicy,
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  return { verb: 'delete', kind, key: keyOf(object), options }
}

function referencesOf(object: KubeObject): readonly OwnerReference[] {
  return object.metadata.ownerReferences ?? []
}

function withReferences({ kind, object }: Item, ownerReferences: readonly OwnerReference[]): Action {
  const { uid, resourceVersion } = object.metadata
  return {
    verb: 'patch',
    kind,
    key: keyOf(object),
    patch: {
      type: 'merge',
      body: { metadata: { uid, resourceVersion, ownerReferences: ownerReferences.length === 0 ? null : ownerReferences } },
    },
  }
}

function withoutFinalizer({ kind, object }: Item, finalizer: string): Action {
  const { uid, resourceVersion } = object.metadata
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer)
  return { verb: 'patch', kind, key: keyOf(object), patch: { type: 'merge', body: { metadata: { uid, resourceVersion, finalizers } } } }
}
