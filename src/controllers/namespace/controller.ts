import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Controller, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { ownKey, parseKey } from '../keys.ts'
import type { NamespaceView } from './plan.ts'
import { planNamespace } from './plan.ts'

/** Deletes what a namespace holds, then the namespace. kindsInNamespaces: every stored namespaced kind that the server serves. */
export function namespaceController(kindsInNamespaces: readonly KindRef[]): Controller<NamespaceView> {
  return {
    name: 'namespace-controller',
    account: 'namespace-controller',
    reads: [{ kind: kinds.Namespace, keysOf: ownKey }, ...kindsInNamespaces.map((kind) => ({ kind, keysOf: terminatingNamespace }))],
    writes: [kinds.Namespace, ...kindsInNamespaces],
    observe(key, snapshot) {
      const namespace = snapshot.get(kinds.Namespace, parseKey(key))
      if (namespace?.metadata.deletionTimestamp === undefined) return undefined
      return { namespace, content: kindsInNamespaces.map((kind) => ({ kind, objects: snapshot.list(kind, key) })) }
    },
    plan: planNamespace,
  }
}

function terminatingNamespace({ metadata }: KubeObject, snapshot: Snapshot): readonly string[] {
  const name = metadata.namespace ?? ''
  const namespace = snapshot.get(kinds.Namespace, { namespace: '', name })
  return namespace?.metadata.deletionTimestamp === undefined ? [] : [name]
}
