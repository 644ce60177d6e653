import { keyOf, keyText } from '../../objects/kube-object.ts'
import type { Controller, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { ownKey, parseKey } from '../keys.ts'
import { hasOwnEndpoints, podsOfService, servicesOfPod } from '../service-pods.ts'
import type { EndpointsView } from './plan.ts'
import { isManaged, planEndpoints } from './plan.ts'

/** Publishes the pods behind each Service as the Endpoints object of its name, for clients that do not know EndpointSlices. */
export function endpointsController(): Controller<EndpointsView> {
  return {
    name: 'endpoint-controller',
    account: 'endpoint-controller',
    reads: [
      { kind: kinds.Service, keysOf: ownKey },
      { kind: kinds.Pod, keysOf: (pod, snapshot) => servicesOfPod(pod, snapshot).map((service) => keyText(keyOf(service))) },
      { kind: kinds.Endpoints, keysOf: ownKey },
    ],
    writes: [kinds.Endpoints],
    observe,
    plan: planEndpoints,
  }
}

function observe(key: string, snapshot: Snapshot): EndpointsView | undefined {
  const service = snapshot.get(kinds.Service, parseKey(key))
  const endpoints = snapshot.get(kinds.Endpoints, parseKey(key))
  if (service === undefined && (endpoints === undefined || !isManaged(endpoints))) return undefined
  const pods = service !== undefined && hasOwnEndpoints(service) ? podsOfService(service, snapshot) : []
  return { service, endpoints, pods }
}
