import type { Client } from '../../client/client.ts'
import { sameJson } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { keyOf, keyText } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ConfigMap, EndpointSlice, Endpoints, Service } from '../../resources/generated/types.ts'
import { systemPriorityClasses } from '../../resources/kinds/priority-class.ts'
import { sleep, type Clock, type Log } from '../../words/ports.ts'
import { isStatus } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import {
  apiEndpointSlice, apiEndpoints, apiService, extensionAuthentication, namespaceObject, systemNamespaces,
} from './cluster-objects.ts'
import type { ApiEndpoint, AuthenticationFacts } from './cluster-objects.ts'
import { bootstrapFlowSchemas, bootstrapPriorityLevels, reconcileFlowControl } from './flow-control.ts'
import { bootstrapPolicy } from './policy.ts'
import { reconcileBinding, reconcileRole } from './reconcile-policy.ts'
import type { Change } from './reconcile-policy.ts'

/**
 * Brings a new or an older cluster to what every cluster has: namespaces, roles, bindings, priority classes, the API's own Service.
 * Any number of servers may do it at once, any number of times; only what is missing is written.
 */
export async function applyBootstrap(client: Client, endpoint: ApiEndpoint, facts?: AuthenticationFacts): Promise<void> {
  await applyAll(client, kinds.Namespace, systemNamespaces.map(namespaceObject), () => ({ action: 'keep' }))
  const policy = bootstrapPolicy()
  await Promise.all([
    applyAll(client, kinds.ClusterRole, policy.clusterRoles, reconcileRole),
    applyAll(client, kinds.ClusterRoleBinding, policy.clusterRoleBindings, reconcileBinding),
    applyAll(client, kinds.Role, policy.roles, reconcileRole),
    applyAll(client, kinds.RoleBinding, policy.roleBindings, reconcileBinding),
    applyFlowControl(client),
    applyAll(client, kinds.PriorityClass, systemPriorityClasses, () => ({ action: 'keep' })),
    facts === undefined ? undefined : publishAuthentication(client, facts),
    applyAll(client, kinds.Service, [apiService(endpoint)], reconcileService),
    applyAll(client, kinds.Endpoints, [apiEndpoints(endpoint)], reconcileEndpoints),
    applyAll(client, kinds.EndpointSlice, [apiEndpointSlice(endpoint)], reconcileEndpointSlice),
  ])
}

async function applyFlowControl(client: Client): Promise<void> {
  await applyAll(client, kinds.PriorityLevelConfiguration, bootstrapPriorityLevels(), reconcileFlowControl)
  await applyAll(client, kinds.FlowSchema, bootstrapFlowSchemas(), reconcileFlowControl)
}

const FLOW_LOOK_MS = 60_000

/** As upstream, once a minute: who deletes a flow schema or a priority level of ours gets it back. */
export async function keepFlowControl(
  client: Client, { clock, log }: { readonly clock: Clock; readonly log: Log }, signal: AbortSignal,
): Promise<void> {
  for (await sleep(clock, FLOW_LOOK_MS, signal); !signal.aborted; await sleep(clock, FLOW_LOOK_MS, signal)) {
    try {
      await applyFlowControl(client)
    } catch (error) {
      if (!signal.aborted) log.warn('The flow schemas and priority levels could not be restored', { why: thrownMessage(error) })
    }
  }
}

/** Tells other API servers whom to trust. */
export function publishAuthentication(client: Client, facts: AuthenticationFacts): Promise<void> {
  return applyAll(client, kinds.ConfigMap, [extensionAuthentication(facts)], reconcileData)
}

type Reconcile<T> = (existing: T, wanted: T) => Change<T>

async function applyAll<T extends KubeObject>(
  client: Client, kind: KindRef<T>, wanted: readonly T[], reconcile: Reconcile<T>,
): Promise<void> {
  const listed = await client.list(kind)
  const existing = new Map(listed.items.map((object) => [keyText(keyOf(object)), object]))
  await Promise.all(wanted.map((object) => applyOne(client, kind, object, existing.get(keyText(keyOf(object))), reconcile)))
}

const MAX_ATTEMPTS = 5

/** Another server may do the same at the same time: then the object is read again. */
async function applyOne<T extends KubeObject>(
  client: Client, kind: KindRef<T>, wanted: T, found: T | undefined, reconcile: Reconcile<T>,
): Promise<void> {
  let existing = found
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(client, kind, wanted, existing, reconcile)
    } catch (error) {
      const raced = isStatus(error, 'AlreadyExists') || isStatus(error, 'Conflict') || isStatus(error, 'NotFound')
      if (!raced || attempt === MAX_ATTEMPTS) throw error
      existing = await getOrUndefined(client, kind, wanted)
    }
  }
}

async function write<T extends KubeObject>(
  client: Client, kind: KindRef<T>, wanted: T, existing: T | undefined, reconcile: Reconcile<T>,
): Promise<void> {
  if (existing === undefined) {
    await client.create(kind, wanted)
    return
  }
  const change = reconcile(existing, wanted)
  if (change.action === 'keep') return
  if (change.action === 'update') {
    await client.update(kind, change.object)
    return
  }
  await client.delete(kind, keyOf(wanted))
  await client.create(kind, change.object)
}

async function getOrUndefined<T extends KubeObject>(client: Client, kind: KindRef<T>, object: T): Promise<T | undefined> {
  try {
    return await client.get(kind, keyOf(object))
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

/** The address stays once given; the target port follows the server. */
function reconcileService(existing: Service, wanted: Service): Change<Service> {
  const ports = wanted.spec?.ports ?? []
  const same = existing.spec?.ports?.length === ports.length
    && existing.spec.ports.every((port, index) => port.port === ports[index]?.port && port.targetPort === ports[index]?.targetPort)
  return same ? { action: 'keep' } : { action: 'update', object: { ...existing, spec: { ...existing.spec, ports } } }
}

function reconcileData(existing: ConfigMap, wanted: ConfigMap): Change<ConfigMap> {
  if (wanted.data === undefined || sameJson(existing.data, wanted.data)) return { action: 'keep' }
  return { action: 'update', object: { ...existing, data: wanted.data } }
}

function reconcileEndpoints(existing: Endpoints, wanted: Endpoints): Change<Endpoints> {
  if (sameJson(existing.subsets, wanted.subsets)) return { action: 'keep' }
  return { action: 'update', object: { ...existing, ...(wanted.subsets === undefined ? {} : { subsets: wanted.subsets }) } }
}

function reconcileEndpointSlice(existing: EndpointSlice, wanted: EndpointSlice): Change<EndpointSlice> {
  if (sameJson(existing.endpoints, wanted.endpoints) && sameJson(existing.ports, wanted.ports)) return { action: 'keep' }
  return {
    action: 'update',
    object: { ...existing, endpoints: wanted.endpoints, ...(wanted.ports === undefined ? {} : { ports: wanted.ports }) },
  }
}
