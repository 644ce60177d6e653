import type {
  Container, EphemeralContainer, LifecycleHandler, Pod, PodSpec, PodTemplateSpec, Probe, ResourceRequirements,
} from '../../generated/types.ts'
import { canonicalizeResources } from '../../resource-list.ts'
import { defaultFieldRef, defaultResourceFieldRef, defaultVolume } from './volume-defaults.ts'
import { withoutUnserved } from './unserved-fields.ts'
import { defaultPullPolicy } from './image-tag.ts'

export const DEFAULT_GRACE_SECONDS = 30

/** What a pod's author left out. Nothing is written where nothing is missing: running it twice changes nothing. */
export function defaultPod(draft: Pod): void {
  const spec = (draft.spec ??= { containers: [] })
  spec.enableServiceLinks ??= true
  defaultPodSpec(spec)
  if (spec.hostNetwork === true) for (const container of allContainers(spec)) useContainerPorts(container)
  for (const container of allContainers(spec)) if (container.resources !== undefined) requestWhatIsLimited(container.resources)
  const status = draft.status
  if (status === undefined) return
  // podIP is the first of podIPs; old clients know only the one, new ones write both.
  if (status.podIP !== undefined && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }]
  else if (status.podIP === undefined && status.podIPs?.[0] !== undefined) status.podIP = status.podIPs[0].ip
}

/**
 * A template gets less: what depends on the pod itself waits for the pod. One that is missing, or has no spec, lacks its containers and
 * nothing else. What would not be served in its pods is not kept in it.
 */
export function defaultPodTemplate(owner: { template?: PodTemplateSpec }): void {
  const template = (owner.template ??= {})
  const spec = withoutUnserved(template.spec ?? { containers: [] })
  if (spec !== template.spec) template.spec = spec
  defaultPodSpec(spec)
}

function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.restartPolicy ||= 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= DEFAULT_GRACE_SECONDS
  spec.schedulerName ||= 'default-scheduler'
  // serviceAccount is the old name of serviceAccountName: clients find the value in both.
  const account = spec.serviceAccountName || spec.serviceAccount
  if (account !== undefined && account !== '') {
    if (spec.serviceAccountName !== account) spec.serviceAccountName = account
    if (spec.serviceAccount !== account) spec.serviceAccount = account
  }
  canonicalizeResources(spec.overhead)
  for (const sysctl of spec.securityContext.sysctls ?? []) sysctl.value ??= ''
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
  for (const container of allContainers(spec)) defaultContainer(container)
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container)
}

function allContainers(spec: PodSpec): readonly Container[] {
  const { containers = [], initContainers } = spec
  return initContainers === undefined || initContainers.length === 0 ? containers : [...initContainers, ...containers]
}

function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '')
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  if (container.resources === undefined) container.resources = {}
  else {
    canonicalizeResources(container.resources.limits)
    canonicalizeResources(container.resources.requests)
  }
  for (const port of container.ports ?? []) port.protocol ||= 'TCP'
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) defaultFieldRef(valueFrom.fieldRef)
    else if (valueFrom?.resourceFieldRef !== undefined) defaultResourceFieldRef(valueFrom.resourceFieldRef)
  }
  if (container.livenessProbe !== undefined) defaultProbe(container.livenessProbe)
  if (container.readinessProbe !== undefined) defaultProbe(container.readinessProbe)
  if (container.startupProbe !== undefined) defaultProbe(container.startupProbe)
  if (container.lifecycle?.postStart !== undefined) defaultHandler(container.lifecycle.postStart)
  if (container.lifecycle?.preStop !== undefined) defaultHandler(container.lifecycle.preStop)
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  if (probe.grpc !== undefined) probe.grpc.service ??= ''
  defaultHandler(probe)
}

function defaultHandler({ httpGet }: Pick<LifecycleHandler, 'httpGet'>): void {
  if (httpGet === undefined) return
  httpGet.path ||= '/'
  httpGet.scheme ||= 'HTTP'
}

/** Who limits a resource and says no more asks for all of it. */
function requestWhatIsLimited(resources: ResourceRequirements): void {
  for (const name in resources.limits) {
    if (resources.requests?.[name] !== undefined) continue
    const requests = (resources.requests ??= {})
    requests[name] = resources.limits[name] ?? '0'
  }
}

/** In the node's network a container's port is the node's. */
function useContainerPorts(container: Container): void {
  for (const port of container.ports ?? []) port.hostPort ||= port.containerPort
}
