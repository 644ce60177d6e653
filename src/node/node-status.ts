import { findCondition } from '../objects/conditions.ts'
import { canonicalQuantity } from '../objects/quantity.ts'
import type { ContainerImage, Node, NodeCondition, NodeStatus } from '../resources/generated/types.ts'
import type { Instant } from '../words/instant.ts'
import { formatTime } from '../words/instant.ts'
import type { NodeFacts, NodePressure } from './node-facts.ts'
import type { NodeSettings } from './node-settings.ts'
import type { ImageObservation, RuntimeInfo } from './runtime.ts'

/** The Node object as this agent registers it. */
export function newNode(settings: NodeSettings, facts: NodeFacts): Node {
  return {
    apiVersion: 'v1', kind: 'Node',
    metadata: {
      name: settings.nodeName, labels: nodeLabels(settings, facts),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: {},
  }
}

/** The labels that a node gives itself when it registers. */
export function nodeLabels(settings: NodeSettings, facts: NodeFacts): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': facts.architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': facts.architecture,
    'kubernetes.io/hostname': facts.hostname,
    'kubernetes.io/os': 'linux',
    ...settings.labels,
  }
}

export interface NodeSight {
  readonly settings: NodeSettings
  readonly facts: NodeFacts
  /** Undefined: the runtime does not answer. */
  readonly runtime: RuntimeInfo | undefined
  readonly images: readonly ImageObservation[]
  readonly pressure: NodePressure
  readonly now: Instant
}

const MAX_IMAGES = 50

/** The status that this node reports. Conditions keep the time of their last change from the status before. */
export function nodeStatus(sight: NodeSight, before: NodeStatus | undefined): NodeStatus {
  const { settings, facts, runtime, images } = sight
  return {
    addresses: [
      ...facts.addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: facts.hostname },
    ],
    allocatable: amounts(facts.allocatable, settings.maxPods),
    capacity: amounts(facts.capacity, settings.maxPods),
    conditions: conditions(sight, before),
    daemonEndpoints: { kubeletEndpoint: { Port: settings.kubeletPort } },
    images: listedImages(images),
    nodeInfo: {
      architecture: facts.architecture,
      bootID: facts.bootId,
      containerRuntimeVersion: runtime === undefined ? (before?.nodeInfo?.containerRuntimeVersion ?? '') : versionOf(runtime),
      kernelVersion: facts.kernelVersion,
      kubeProxyVersion: settings.version,
      kubeletVersion: settings.version,
      machineID: facts.machineId,
      operatingSystem: 'linux',
      osImage: facts.osImage,
      systemUUID: facts.systemUuid,
    },
  }
}

/** In the form in which the API server keeps them, so that comparing finds no difference where there is none. */
function amounts(of: Readonly<Record<string, string>>, maxPods: number): Record<string, string> {
  const entries = Object.entries({ ...of, pods: String(maxPods) })
  return Object.fromEntries(entries.map(([name, quantity]) => [name, canonicalQuantity(quantity) ?? quantity]))
}

function versionOf({ name, version }: RuntimeInfo): string {
  return `${name}://${version}`
}

/** The largest ones, by size, as the scheduler wants to know them. */
function listedImages(images: readonly ImageObservation[]): ContainerImage[] {
  return images
    .filter(({ names }) => names.length > 0)
    .map(({ names, sizeBytes }) => ({ names: [...names].slice(0, 5), sizeBytes }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes || ((a.names[0] ?? '') < (b.names[0] ?? '') ? -1 : 1))
    .slice(0, MAX_IMAGES)
}

type Verdict = Omit<NodeCondition, 'lastHeartbeatTime' | 'lastTransitionTime'>

function verdict(type: string, isTrue: boolean, reason: string, message: string): Verdict | undefined {
  return isTrue ? { type, status: 'True', reason, message } : undefined
}

function conditions(sight: NodeSight, before: NodeStatus | undefined): NodeCondition[] {
  const { pressure } = sight
  const problem = readinessProblem(sight.runtime)
  const made: readonly Verdict[] = [
    verdict('MemoryPressure', pressure.memory, 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available') ?? {
      type: 'MemoryPressure',
      status: 'False',
      reason: 'KubeletHasSufficientMemory',
      message: 'kubelet has sufficient memory available',
    },
    verdict('DiskPressure', pressure.disk, 'KubeletHasDiskPressure', 'kubelet has disk pressure') ?? {
      type: 'DiskPressure',
      status: 'False',
      reason: 'KubeletHasNoDiskPressure',
      message: 'kubelet has no disk pressure',
    },
    verdict('PIDPressure', pressure.processes, 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available') ?? {
      type: 'PIDPressure',
      status: 'False',
      reason: 'KubeletHasSufficientPID',
      message: 'kubelet has sufficient PID available',
    },
    problem === undefined
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: problem },
  ]
  const now = formatTime(sight.now)
  return made.map((condition) => {
    const known = findCondition(before?.conditions, condition.type)
    const since = known?.status === condition.status ? known.lastTransitionTime : undefined
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime: since ?? now }
  })
}

/** Why no pod can run here, in the words of the Ready condition; undefined when pods can. */
export function readinessProblem(runtime: RuntimeInfo | undefined): string | undefined {
  if (runtime === undefined) return 'container runtime is down'
  const problems = [
    ...(runtime.runtimeProblem === undefined ? [] : [`container runtime not ready: ${runtime.runtimeProblem}`]),
    ...(runtime.networkProblem === undefined ? [] : [`container runtime network not ready: ${runtime.networkProblem}`]),
  ]
  return problems.length === 0 ? undefined : problems.join(', ')
}

/** The status without what every heartbeat changes. */
export function withoutHeartbeats(status: { readonly conditions?: readonly NodeCondition[] }): object {
  return { ...status, conditions: status.conditions?.map((condition) => ({ ...condition, lastHeartbeatTime: undefined })) }
}
