import { keyOf, keyText } from '../../objects/kube-object.ts'
import type { Controller, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { EndpointSlice, Node } from '../../resources/generated/types.ts'
import { ownKey, parseKey } from '../keys.ts'
import { hasOwnEndpoints, podsOfService, servicesOfPod } from '../service-pods.ts'
import type { EndpointSliceView } from './plan.ts'
import { MANAGER, MANAGER_LABEL, SERVICE_LABEL, planEndpointSlices } from './plan.ts'

/** Publishes the pods behind each Service as EndpointSlices. */
export function endpointSliceController(): Controller<EndpointSliceView> {
  return {
    name: 'endpoint-slice-controller',
    account: 'endpointslice-controller',
    reads: [
      { kind: kinds.Service, keysOf: ownKey },
      { kind: kinds.Pod, keysOf: (pod, snapshot) => servicesOfPod(pod, snapshot).map((service) => keyText(keyOf(service))) },
      { kind: kinds.EndpointSlice, keysOf: serviceKey },
      // For the zone label only: a node has it before its pods have addresses.
      { kind: kinds.Node, keysOf: () => [] },
    ],
    writes: [kinds.EndpointSlice],
    observe,
    plan: planEndpointSlices,
  }
}

function serviceKey(slice: EndpointSlice): readonly string[] {
  const name = slice.metadata.labels?.[SERVICE_LABEL]
  return name === undefined ? [] : [keyText({ namespace: slice.metadata.namespace ?? '', name })]
}

function observe(key: string, snapshot: Snapshot): EndpointSliceView | undefined {
  const service = snapshot.get(kinds.Service, parseKey(key))
  if (service === undefined) return undefined
  const slices = snapshot.list(kinds.EndpointSlice, service.metadata.namespace ?? '').filter(({ metadata: { labels } }) => {
    return labels?.[SERVICE_LABEL] === service.metadata.name && labels?.[MANAGER_LABEL] === MANAGER
  })
  const pods = hasOwnEndpoints(service) ? podsOfService(service, snapshot) : []
  const nodes = new Map<string, Node>()
  for (const { spec } of pods) {
    const node = snapshot.get(kinds.Node, { namespace: '', name: spec?.nodeName ?? '' })
    if (node !== undefined) nodes.set(node.metadata.name ?? '', node)
  }
  return { service, pods, nodes, slices: slices.filter((slice) => slice.metadata.deletionTimestamp === undefined) }
}
