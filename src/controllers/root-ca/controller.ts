import { sameJson } from '../../objects/json.ts'
import type { Controller, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ConfigMap, Namespace } from '../../resources/generated/types.ts'
import { ownKey, parseKey } from '../keys.ts'

export interface RootCaView {
  readonly namespace: Namespace
  readonly configMap: ConfigMap | undefined
  readonly rootCertificate: string
}

const NAME = 'kube-root-ca.crt'

/** Publishes the cluster's certificate authority (PEM) in each namespace, where pods mount it to trust the API server. */
export function rootCaController(rootCertificate: string): Controller<RootCaView> {
  return {
    name: 'root-ca-certificate-publisher',
    account: 'root-ca-cert-publisher',
    reads: [
      { kind: kinds.Namespace, keysOf: ownKey },
      { kind: kinds.ConfigMap, keysOf: ({ metadata }) => (metadata.name === NAME ? [metadata.namespace ?? ''] : []) },
    ],
    writes: [kinds.ConfigMap],
    observe(key, snapshot) {
      const namespace = snapshot.get(kinds.Namespace, parseKey(key))
      if (namespace === undefined) return undefined
      return { namespace, configMap: snapshot.get(kinds.ConfigMap, { namespace: key, name: NAME }), rootCertificate }
    },
    plan: planRootCa,
  }
}

export function planRootCa({ namespace, configMap, rootCertificate }: RootCaView): Plan {
  if (namespace.metadata.deletionTimestamp !== undefined) {
    return { actions: [], why: 'The namespace is being deleted: it gets no certificate.' }
  }
  const data = { 'ca.crt': rootCertificate }
  if (configMap === undefined) {
    const object: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, namespace: namespace.metadata.name ?? '' },
      data,
    }
    return { actions: [{ verb: 'create', kind: kinds.ConfigMap, object }], why: 'Publishes the root certificate.' }
  }
  if (sameJson(configMap.data, data) && configMap.metadata.deletionTimestamp === undefined) {
    return { actions: [], why: 'The root certificate is published.' }
  }
  const object: ConfigMap = { ...configMap, data }
  return { actions: [{ verb: 'update', kind: kinds.ConfigMap, object }], why: 'Puts the root certificate back as it should be.' }
}
