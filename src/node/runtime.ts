import type { Instant } from '../words/instant.ts'

/**
 * The node's container runtime as a port. host/cri/ implements it with containerd over CRI, simulation/ from data.
 * Observations are facts of one moment; actions say all that they need, so that they can be compared in tables.
 */
export interface NodeRuntime {
  /** All pods that this node agent ever made here, also those of before its restart. */
  observeAll(signal: AbortSignal): Promise<readonly PodObservation[]>
  /** Undefined when nothing of that pod is left. */
  observe(podUid: string, signal: AbortSignal): Promise<PodObservation | undefined>
  /** Resolves when it is done; throws RuntimeFailure with the reason a user should read. */
  perform(action: RuntimeAction, signal: AbortSignal): Promise<RuntimeResult>
  /** For exec probes and hooks: runs a command in a running container. Output beyond 16 KiB is cut. */
  exec(containerId: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecOutcome>
  /** Calls the listener with the uid of a pod of which something changed ('' = look at all of them), until the signal aborts. */
  events(listener: (podUid: string) => void, signal: AbortSignal): void
  info(signal: AbortSignal): Promise<RuntimeInfo>
  /** The image as a pod names it (nginx, localhost/web:1, name@sha256:...); undefined when it is not on this node. */
  findImage(image: string, signal: AbortSignal): Promise<ImageObservation | undefined>
  listImages(signal: AbortSignal): Promise<readonly ImageObservation[]>
}

export interface PodObservation {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  /** Newest first. */
  readonly sandboxes: readonly SandboxObservation[]
  readonly containers: readonly ContainerObservation[]
}

export interface SandboxObservation {
  readonly id: string
  readonly attempt: number
  readonly state: 'ready' | 'not-ready'
  readonly createdAt: Instant
  /** Primary address first; empty for host network. */
  readonly addresses: readonly string[]
}

export interface ContainerObservation {
  readonly id: string
  readonly name: string
  readonly attempt: number
  readonly sandboxId: string
  readonly state: 'created' | 'running' | 'exited' | 'unknown'
  readonly createdAt: Instant
  readonly startedAt: Instant | undefined
  readonly finishedAt: Instant | undefined
  readonly exitCode: number
  /** OOMKilled, Completed, Error, StartError. */
  readonly reason: string
  /** The termination message, or what the runtime said. */
  readonly message: string
  readonly image: string
  /** As in status.containerStatuses[].imageID: name@sha256:... */
  readonly imageId: string
  /** Given at creation: a hash of the container's spec, to see that it must be replaced. */
  readonly specHash: string
}

export interface SandboxConfig {
  readonly podUid: string
  readonly namespace: string
  readonly name: string
  readonly attempt: number
  readonly hostname: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Directory of the pod's logs, absolute. */
  readonly logDirectory: string
  readonly hostNetwork: boolean
  readonly hostPid: boolean
  readonly hostIpc: boolean
  readonly shareProcessNamespace: boolean
  readonly dns: { readonly servers: readonly string[]; readonly searches: readonly string[]; readonly options: readonly string[] }
  readonly portMappings: readonly {
    readonly protocol: 'TCP' | 'UDP' | 'SCTP'
    readonly containerPort: number
    readonly hostPort: number
    readonly hostIp: string
  }[]
  readonly sysctls: Readonly<Record<string, string>>
  /** Absolute cgroup path of the pod below the hierarchies' roots. The runtime makes and removes it. */
  readonly cgroupParent: string
  /** Limits of the pod as a whole, for its cgroup. */
  readonly cgroupLimits: PodCgroupLimits
  readonly security: SecurityConfig
}

export interface SecurityConfig {
  readonly privileged: boolean
  readonly runAsUser: number | undefined
  readonly runAsGroup: number | undefined
  readonly supplementalGroups: readonly number[]
  readonly readOnlyRootFilesystem: boolean
  readonly noNewPrivileges: boolean
  readonly addCapabilities: readonly string[]
  readonly dropCapabilities: readonly string[]
  readonly seccomp: { readonly type: 'runtime-default' | 'unconfined' } | { readonly type: 'localhost'; readonly path: string }
  readonly procMount: 'default' | 'unmasked'
}

export interface ResourceLimits {
  readonly cpuShares: number
  /** 0: no quota. */
  readonly cpuQuotaMicros: number
  readonly cpuPeriodMicros: number
  /** 0: no limit. */
  readonly memoryLimitBytes: number
  readonly oomScoreAdjustment: number
}

/** As in ResourceLimits: 0 means no quota, no limit. */
export type PodCgroupLimits = Pick<ResourceLimits, 'cpuShares' | 'cpuQuotaMicros' | 'cpuPeriodMicros' | 'memoryLimitBytes'>

export interface MountConfig {
  readonly containerPath: string
  readonly hostPath: string
  readonly readOnly: boolean
  readonly propagation: 'private' | 'host-to-container' | 'bidirectional'
}

export interface ContainerConfig {
  readonly podUid: string
  readonly sandboxId: string
  /** The sandbox's config, which CRI wants again. */
  readonly sandbox: SandboxConfig
  readonly name: string
  readonly attempt: number
  readonly image: string
  /** Undefined or empty: the image's own. */
  readonly command: readonly string[]
  readonly arguments: readonly string[]
  readonly workingDirectory: string
  readonly environment: readonly { readonly name: string; readonly value: string }[]
  readonly mounts: readonly MountConfig[]
  readonly devices: readonly { readonly hostPath: string; readonly containerPath: string; readonly permissions: string }[]
  /** Relative to the sandbox's log directory: web/0.log. */
  readonly logPath: string
  readonly stdin: boolean
  readonly stdinOnce: boolean
  readonly tty: boolean
  readonly resources: ResourceLimits
  readonly security: SecurityConfig
  readonly specHash: string
  /** Ephemeral containers: the container whose process namespace it joins; '' for its own. */
  readonly targetContainerId: string
  /**
   * Path in the container of its termination message; the mount with this containerPath has the file to read on the host.
   * FromLogs: the log's tail stands in for it when it is empty and the container failed.
   */
  readonly terminationMessagePath: string
  readonly terminationMessageFromLogs: boolean
}

export interface RegistryCredentials {
  readonly userName: string
  readonly password: string
}

export type RuntimeAction =
  /** Asks the registry in any case; whether a pull is needed is the caller's decision (imagePullPolicy, findImage). */
  | { readonly type: 'pull-image'; readonly image: string; readonly credentials: readonly RegistryCredentials[] }
  | { readonly type: 'create-sandbox'; readonly sandbox: SandboxConfig }
  /** Creates and starts. */
  | { readonly type: 'start-container'; readonly container: ContainerConfig }
  | { readonly type: 'stop-container'; readonly containerId: string; readonly graceSeconds: number }
  | { readonly type: 'remove-container'; readonly containerId: string }
  /** Kills what still runs in it. Done already or gone: fine, as with all stop and remove actions. */
  | { readonly type: 'stop-sandbox'; readonly sandboxId: string }
  /** With its containers. */
  | { readonly type: 'remove-sandbox'; readonly sandboxId: string }

export type RuntimeResult =
  | { readonly type: 'image'; readonly imageId: string; readonly alreadyPresent: boolean }
  | { readonly type: 'sandbox'; readonly sandboxId: string }
  | { readonly type: 'container'; readonly containerId: string }
  | { readonly type: 'done' }

export type ExecOutcome =
  | { readonly outcome: 'exited'; readonly exitCode: number; readonly output: string }
  | { readonly outcome: 'timed-out' }
  | { readonly outcome: 'failed'; readonly message: string }

export interface RuntimeInfo {
  readonly name: string
  readonly version: string
  /** Undefined: ready; else why not. */
  readonly runtimeProblem: string | undefined
  readonly networkProblem: string | undefined
}

export interface ImageObservation {
  readonly id: string
  readonly names: readonly string[]
  readonly sizeBytes: number
  /** The image's own user, for runAsNonRoot: a number, a name, or undefined. */
  readonly user: number | string | undefined
}

/** An action failed; reason is what a user sees in the waiting state: ErrImagePull, CreateContainerError, RunContainerError, ... */
export class RuntimeFailure extends Error {
  override readonly name = 'RuntimeFailure'
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}
