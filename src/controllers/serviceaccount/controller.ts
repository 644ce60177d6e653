import type { Controller, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Namespace, ServiceAccount } from '../../resources/generated/types.ts'
import { ownKey, parseKey } from '../keys.ts'

export interface ServiceAccountView {
  readonly namespace: Namespace
  readonly account: ServiceAccount | undefined
}

const NAME = 'default'

/** Gives each active namespace the service account that pods use when they name none. */
export function serviceAccountController(): Controller<ServiceAccountView> {
  return {
    name: 'service-account-controller',
    account: 'service-account-controller',
    reads: [
      { kind: kinds.Namespace, keysOf: ownKey },
      { kind: kinds.ServiceAccount, keysOf: ({ metadata }) => (metadata.name === NAME ? [metadata.namespace ?? ''] : []) },
    ],
    writes: [kinds.ServiceAccount],
    observe(key, snapshot) {
      const namespace = snapshot.get(kinds.Namespace, parseKey(key))
      return namespace === undefined
        ? undefined
        : { namespace, account: snapshot.get(kinds.ServiceAccount, { namespace: key, name: NAME }) }
    },
    plan: planServiceAccount,
  }
}

export function planServiceAccount({ namespace, account }: ServiceAccountView): Plan {
  if (account !== undefined) return { actions: [], why: 'The default service account is there.' }
  if (namespace.metadata.deletionTimestamp !== undefined) {
    return { actions: [], why: 'The namespace is being deleted: it gets no service account.' }
  }
  const object: ServiceAccount = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: NAME, namespace: namespace.metadata.name ?? '' },
  }
  return { actions: [{ verb: 'create', kind: kinds.ServiceAccount, object }], why: 'Creates the default service account.' }
}
