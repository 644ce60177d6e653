import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerConfig, SandboxConfig, SecurityConfig } from '../../src/node/runtime.ts'
import { BUSYBOX_IMAGE } from './containerd-bed.testing.ts'
import type { ContainerdBed } from './containerd-bed.testing.ts'

export const plainSecurity: SecurityConfig = {
  privileged: false,
  runAsUser: undefined,
  runAsGroup: undefined,
  supplementalGroups: [],
  readOnlyRootFilesystem: false,
  noNewPrivileges: false,
  addCapabilities: [],
  dropCapabilities: [],
  seccomp: { type: 'runtime-default' },
  procMount: 'default',
}

const NO_LIMITS = { cpuShares: 100, cpuQuotaMicros: 0, cpuPeriodMicros: 100_000, memoryLimitBytes: 0 }

export function sandboxConfig(bed: ContainerdBed, name: string, changes: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    podUid: `uid-${name}`,
    namespace: 'default',
    name,
    attempt: 0,
    hostname: name,
    labels: { app: name },
    annotations: {},
    logDirectory: join(bed.directory, 'logs', name),
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    shareProcessNamespace: false,
    dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
    portMappings: [],
    sysctls: {},
    cgroupParent: `${bed.cgroupPrefix}/burstable/pod-${name}`,
    cgroupLimits: NO_LIMITS,
    security: plainSecurity,
    ...changes,
  }
}

export function containerConfig(
  bed: ContainerdBed, sandbox: SandboxConfig, sandboxId: string, script: string, changes: Partial<ContainerConfig> = {},
): ContainerConfig {
  const name = changes.name ?? 'main'
  const termination = join(bed.directory, `termination-${sandbox.name}-${name}-${changes.attempt ?? 0}`)
  writeFileSync(termination, '', { mode: 0o666 })
  return {
    podUid: sandbox.podUid,
    sandboxId,
    sandbox,
    name,
    attempt: 0,
    image: BUSYBOX_IMAGE,
    command: ['/bin/sh', '-c', script],
    arguments: [],
    workingDirectory: '',
    environment: [{ name: 'GREETING', value: 'hello' }],
    mounts: [{ containerPath: '/dev/termination-log', hostPath: termination, readOnly: false, propagation: 'private' }],
    devices: [],
    logPath: `${name}/${changes.attempt ?? 0}.log`,
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { ...NO_LIMITS, oomScoreAdjustment: 1000 },
    security: plainSecurity,
    specHash: 'hash-1',
    targetContainerId: '',
    terminationMessagePath: '/dev/termination-log',
    terminationMessageFromLogs: true,
    ...changes,
  }
}

export async function runSandbox(bed: ContainerdBed, config: SandboxConfig, signal: AbortSignal): Promise<string> {
  const result = await bed.runtime.perform({ type: 'create-sandbox', sandbox: config }, signal)
  if (result.type !== 'sandbox') throw new Error(`create-sandbox answered ${result.type}`)
  return result.sandboxId
}

export async function runContainer(bed: ContainerdBed, config: ContainerConfig, signal: AbortSignal): Promise<string> {
  const result = await bed.runtime.perform({ type: 'start-container', container: config }, signal)
  if (result.type !== 'container') throw new Error(`start-container answered ${result.type}`)
  return result.containerId
}
