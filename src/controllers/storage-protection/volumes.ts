import type { Controller, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { PersistentVolume } from '../../resources/generated/types.ts'
import { ownKey, parseKey } from '../keys.ts'
import { withoutFinalizer } from './finalizer.ts'

const FINALIZER = 'kubernetes.io/pv-protection'

/** Lets a volume go that is being deleted, when it is bound to no claim. */
export function volumeProtectionController(): Controller<PersistentVolume> {
  return {
    name: 'persistentvolume-protection-controller',
    account: 'pv-protection-controller',
    reads: [{ kind: kinds.PersistentVolume, keysOf: ownKey }],
    writes: [kinds.PersistentVolume],
    observe(key, snapshot) {
      const volume = snapshot.get(kinds.PersistentVolume, parseKey(key))
      if (volume?.metadata.deletionTimestamp === undefined || volume.metadata.finalizers?.includes(FINALIZER) !== true) return undefined
      return volume
    },
    plan: planVolume,
  }
}

export function planVolume(volume: PersistentVolume): Plan {
  if (volume.status?.phase === 'Bound') return { actions: [], why: 'A claim is still bound to it.' }
  return { actions: [withoutFinalizer(kinds.PersistentVolume, volume, FINALIZER)], why: 'No claim is bound to it.' }
}
