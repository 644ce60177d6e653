import { keyOf, keyText } from '../../objects/kube-object.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Controller, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { PersistentVolumeClaim, Pod } from '../../resources/generated/types.ts'
import { isTerminalPhase } from '../../resources/kinds/pod/phase.ts'
import { ownKey, parseKey } from '../keys.ts'
import { withoutFinalizer } from './finalizer.ts'

const FINALIZER = 'kubernetes.io/pvc-protection'

export interface ClaimView {
  readonly claim: PersistentVolumeClaim
  /** Pods that have a node and use the claim. */
  readonly users: readonly Pod[]
}

/** Lets a claim go that is being deleted, when no pod uses it any more. */
export function claimProtectionController(): Controller<ClaimView> {
  return {
    name: 'persistentvolumeclaim-protection-controller',
    account: 'pvc-protection-controller',
    reads: [{ kind: kinds.PersistentVolumeClaim, keysOf: ownKey }, { kind: kinds.Pod, keysOf: claimsOf }],
    writes: [kinds.PersistentVolumeClaim],
    observe(key, snapshot) {
      const claim = snapshot.get(kinds.PersistentVolumeClaim, parseKey(key))
      if (claim?.metadata.deletionTimestamp === undefined || claim.metadata.finalizers?.includes(FINALIZER) !== true) return undefined
      return { claim, users: snapshot.list(kinds.Pod, claim.metadata.namespace).filter((pod) => uses(pod, claim)) }
    },
    plan: planClaim,
  }
}

export function planClaim({ claim, users: [user] }: ClaimView): Plan {
  if (user !== undefined) return { actions: [], why: `Pod ${keyText(keyOf(user))} still uses it.` }
  return { actions: [withoutFinalizer(kinds.PersistentVolumeClaim, claim, FINALIZER)], why: 'No pod uses it.' }
}

/** data, and of a volume that lives as long as its pod: POD-VOLUME. */
function claimNames({ metadata, spec }: Pod): readonly string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) =>
    ephemeral === undefined ? (persistentVolumeClaim?.claimName ?? []) : `${metadata.name}-${name}`)
}

function claimsOf(pod: KubeObject): readonly string[] {
  return claimNames(pod as Pod).map((name) => keyText({ namespace: pod.metadata.namespace ?? '', name }))
}

/** A pod that has ended, or that no node has taken, does not use anything. */
function uses(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  return (pod.spec?.nodeName ?? '') !== '' && !isTerminalPhase(pod.status?.phase) && claimNames(pod).includes(metadata.name ?? '')
}
