import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { keyOf, keyText } from '../../objects/kube-object.ts'
import { countedResources } from '../../policy/quota/count.ts'
import { createUsageOf } from '../../policy/quota/resource-usage.ts'
import type { Controller, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { ownKey, parseKey } from '../keys.ts'
import { planQuota } from './plan.ts'
import type { QuotaView } from './plan.ts'

/**
 * Makes what a quota allows its status, and counts what is used where the accounts that the API server keeps may be off: at the beginning,
 * when a pod that does not end is given up, and now and then.
 */
export function resourceQuotaController(kindsInNamespaces: readonly KindRef[]): Controller<QuotaView> {
  const usageOf = createUsageOf()
  const others = kindsInNamespaces.filter((kind) => kind !== kinds.ResourceQuota && kind !== kinds.Pod)
  return {
    name: 'resourcequota-controller',
    account: 'resourcequota-controller',
    reads: [
      { kind: kinds.ResourceQuota, keysOf: ownKey },
      { kind: kinds.Pod, keysOf: quotasOfEndingPod },
      // The server charges every write: who only reads them need not be told.
      ...others.map((kind) => ({ kind, keysOf: () => [] })),
    ],
    writes: [kinds.ResourceQuota],
    observe(key, snapshot) {
      const quota = snapshot.get(kinds.ResourceQuota, parseKey(key))
      if (quota === undefined) return undefined
      const { namespace } = parseKey(key)
      const counted = countedResources(quota, kindsInNamespaces)
        .map((resource) => ({ resource, objects: snapshot.list(resource, namespace) }))
      return { quota, counted, usageOf }
    },
    plan: planQuota,
  }
}

function quotasOfEndingPod({ metadata }: KubeObject, snapshot: Snapshot): readonly string[] {
  if (metadata.deletionTimestamp === undefined) return []
  return snapshot.list(kinds.ResourceQuota, metadata.namespace).map((quota) => keyText(keyOf(quota)))
}
