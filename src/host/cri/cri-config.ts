import type { ContainerConfig, MountConfig, ResourceLimits, SandboxConfig, SecurityConfig } from '../../node/runtime.ts'
import { criAnnotation, criLabel, mountPropagation, namespaceMode, protocolNumber, seccompProfile } from './cri-constants.ts'
import type * as cri from './cri-messages.ts'
import type { InputOf } from './protobuf.ts'

/** Paths of /proc and /sys that a container must not see or write: the defaults of the OCI runtimes and of Docker. */
const MASKED_PATHS = [
  '/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats',
  '/proc/sched_debug', '/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap',
]
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']
/** An empty list means the default to containerd; a path that does not exist masks nothing. */
const NOTHING_MASKED = ['/proc/lotse-masks-nothing']

/** A sandbox as CRI wants it. */
export function sandboxMessage(config: SandboxConfig): InputOf<typeof cri.podSandboxConfig> {
  const { security } = config
  return {
    metadata: { name: config.name, uid: config.podUid, namespace: config.namespace, attempt: config.attempt },
    // The host's network has the host's name, which containerd refuses to set.
    hostname: config.hostNetwork ? '' : config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: { servers: [...config.dns.servers], searches: [...config.dns.searches], options: [...config.dns.options] },
    portMappings: config.portMappings.map((mapping) => ({
      protocol: protocolNumber[mapping.protocol],
      containerPort: mapping.containerPort,
      hostPort: mapping.hostPort,
      hostIp: mapping.hostIp,
    })),
    labels: { ...config.labels, ...podLabels(config) },
    annotations: config.annotations,
    linux: {
      cgroupParent: config.cgroupParent,
      sysctls: config.sysctls,
      securityContext: {
        namespaceOptions: namespaceOptions(config),
        privileged: security.privileged,
        ...identityOf(security),
        supplementalGroups: security.supplementalGroups.map(BigInt),
        seccomp: seccompMessage(security),
      },
    },
  }
}

/** A container as CRI wants it. */
export function containerMessage(config: ContainerConfig): InputOf<typeof cri.containerConfig> {
  // The agent mounts a file of the host there: its path is kept with the container, to be read after the end.
  const termination = config.mounts.find((mount) => mount.containerPath === config.terminationMessagePath)
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image },
    command: [...config.command],
    args: [...config.arguments],
    workingDir: config.workingDirectory,
    envs: config.environment.map(({ name, value }) => ({ key: name, value })),
    mounts: config.mounts.map(mountMessage),
    devices: config.devices.map((device) => ({ ...device })),
    labels: { ...podLabels(config.sandbox), [criLabel.containerName]: config.name },
    annotations: {
      [criAnnotation.specHash]: config.specHash,
      [criAnnotation.terminationPath]: config.terminationMessagePath,
      [criAnnotation.terminationFromLogs]: String(config.terminationMessageFromLogs),
      ...(termination === undefined ? {} : { [criAnnotation.terminationHostPath]: termination.hostPath }),
    },
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: { resources: resourcesMessage(config.resources), securityContext: securityMessage(config) },
  }
}

function resourcesMessage(limits: ResourceLimits): InputOf<typeof cri.linuxContainerResources> {
  return {
    cpuShares: BigInt(limits.cpuShares),
    cpuQuota: BigInt(limits.cpuQuotaMicros),
    cpuPeriod: BigInt(limits.cpuPeriodMicros),
    memoryLimitInBytes: BigInt(limits.memoryLimitBytes),
    oomScoreAdj: BigInt(limits.oomScoreAdjustment),
  }
}

function podLabels(pod: SandboxConfig): Record<string, string> {
  return { [criLabel.podUid]: pod.podUid, [criLabel.podName]: pod.name, [criLabel.podNamespace]: pod.namespace }
}

function mountMessage(mount: MountConfig) {
  return {
    containerPath: mount.containerPath,
    hostPath: mount.hostPath,
    readonly: mount.readOnly,
    propagation: mountPropagation[mount.propagation],
  }
}

function securityMessage(config: ContainerConfig): InputOf<typeof cri.linuxContainerSecurityContext> {
  const { security } = config
  const unmasked = security.procMount === 'unmasked' || security.privileged
  return {
    capabilities: { addCapabilities: [...security.addCapabilities], dropCapabilities: [...security.dropCapabilities] },
    privileged: security.privileged,
    namespaceOptions: config.targetContainerId === ''
      ? namespaceOptions(config.sandbox)
      : { ...namespaceOptions(config.sandbox), pid: namespaceMode.target, targetId: config.targetContainerId },
    ...identityOf(security),
    readonlyRootfs: security.readOnlyRootFilesystem,
    supplementalGroups: security.supplementalGroups.map(BigInt),
    noNewPrivs: security.noNewPrivileges,
    maskedPaths: unmasked ? NOTHING_MASKED : MASKED_PATHS,
    readonlyPaths: unmasked ? NOTHING_MASKED : READONLY_PATHS,
    seccomp: seccompMessage(security),
  }
}

function namespaceOptions(sandbox: SandboxConfig): InputOf<typeof cri.namespaceOption> {
  const pid = sandbox.hostPid ? namespaceMode.node : sandbox.shareProcessNamespace ? namespaceMode.pod : namespaceMode.container
  return {
    network: sandbox.hostNetwork ? namespaceMode.node : namespaceMode.pod,
    pid,
    ipc: sandbox.hostIpc ? namespaceMode.node : namespaceMode.pod,
  }
}

/** A group without a user is an error to containerd. */
function identityOf(security: SecurityConfig) {
  if (security.runAsUser === undefined) return {}
  return {
    runAsUser: { value: BigInt(security.runAsUser) },
    ...(security.runAsGroup === undefined ? {} : { runAsGroup: { value: BigInt(security.runAsGroup) } }),
  }
}

function seccompMessage(security: SecurityConfig): InputOf<typeof cri.securityProfile> {
  switch (security.seccomp.type) {
    case 'runtime-default': return { profileType: seccompProfile.runtimeDefault }
    case 'unconfined': return { profileType: seccompProfile.unconfined }
    case 'localhost': return { profileType: seccompProfile.localhost, localhostRef: security.seccomp.path }
  }
}
