import type { Container, Pod } from '../resources/generated/types.ts'
import { expand } from './expansion.ts'
import type { NodeSettings } from './node-settings.ts'
import { podLogDirectory } from './node-settings.ts'
import { podHostname } from './pod-names.ts'
import { containerLimits, podCgroup, podLimits } from './resources.ts'
import type { ContainerConfig, MountConfig, SandboxConfig } from './runtime.ts'
import { containerSecurity, sandboxSecurity } from './security.ts'
import { specHash } from './spec-hash.ts'
import type { ResolverConfig } from './volumes/volume-host.ts'
import { sidecarsAndRegular } from './pod-containers.ts'

export const DEFAULT_TERMINATION_PATH = '/dev/termination-log'

/** The attempt-th sandbox of a pod as the runtime wants it. */
export function sandboxConfig(pod: Pod, attempt: number, settings: NodeSettings, dns: ResolverConfig): SandboxConfig {
  const { metadata, spec } = pod
  const identity = { namespace: metadata.namespace ?? '', name: metadata.name ?? '', uid: metadata.uid ?? '' }
  const hostNetwork = spec?.hostNetwork === true
  return {
    podUid: identity.uid,
    namespace: identity.namespace,
    name: identity.name,
    attempt,
    hostname: hostNetwork ? '' : podHostname(pod, settings.cluster),
    labels: {
      ...metadata.labels,
      'io.kubernetes.pod.name': identity.name, 'io.kubernetes.pod.namespace': identity.namespace, 'io.kubernetes.pod.uid': identity.uid,
    },
    annotations: metadata.annotations ?? {},
    logDirectory: podLogDirectory(settings, identity),
    hostNetwork,
    hostPid: spec?.hostPID === true,
    hostIpc: spec?.hostIPC === true,
    shareProcessNamespace: spec?.shareProcessNamespace === true,
    dns,
    portMappings: hostNetwork ? [] : portMappings(pod),
    sysctls: Object.fromEntries((spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value])),
    cgroupParent: podCgroup(settings.cgroupRoot, pod),
    cgroupLimits: podLimits(pod),
    security: sandboxSecurity(pod, settings.seccompDirectory),
  }
}

function portMappings(pod: Pod): SandboxConfig['portMappings'] {
  return sidecarsAndRegular(pod).flatMap(({ ports }) => (ports ?? []).flatMap(({ containerPort, hostPort = 0, hostIP = '', protocol }) => {
    if (hostPort === 0) return []
    return [{ protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP' as const, containerPort, hostPort, hostIp: hostIP }]
  }))
}

export interface ContainerInput {
  readonly pod: Pod
  readonly container: Container
  readonly attempt: number
  readonly sandboxId: string
  readonly sandbox: SandboxConfig
  readonly environment: readonly { readonly name: string; readonly value: string }[]
  readonly mounts: readonly MountConfig[]
  readonly settings: NodeSettings
  readonly nodeMemoryBytes: number
  readonly targetContainerId: string
}

/** A container as the runtime wants it: command and arguments expanded, mounts, limits, security. */
export function containerConfig(input: ContainerInput): ContainerConfig {
  const { pod, container, settings } = input
  const variables = new Map(input.environment.map(({ name, value }) => [name, value]))
  const valueOf = (name: string): string | undefined => variables.get(name)
  const expanded = (texts: readonly string[] = []): string[] => texts.map((text) => expand(text, valueOf))
  return {
    podUid: pod.metadata.uid ?? '',
    sandboxId: input.sandboxId,
    sandbox: input.sandbox,
    name: container.name,
    attempt: input.attempt,
    image: container.image ?? '',
    command: expanded(container.command),
    arguments: expanded(container.args),
    workingDirectory: container.workingDir ?? '',
    environment: input.environment,
    mounts: input.mounts,
    devices: [],
    logPath: `${container.name}/${input.attempt}.log`,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    resources: containerLimits(pod, container, input.nodeMemoryBytes),
    security: containerSecurity(pod, container, settings.seccompDirectory),
    specHash: specHash(container),
    targetContainerId: input.targetContainerId,
    terminationMessagePath: container.terminationMessagePath ?? DEFAULT_TERMINATION_PATH,
    terminationMessageFromLogs: container.terminationMessagePolicy === 'FallbackToLogsOnError',
  }
}
