import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type {
  ContainerConfig, ImageObservation, NodeRuntime, RuntimeAction, RuntimeInfo, RuntimeResult, SandboxConfig,
} from '../../node/runtime.ts'
import { RuntimeFailure } from '../../node/runtime.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { sleep } from '../../words/ports.ts'
import { unreachable } from '../../words/assert.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { removeCgroup, writeCgroup } from '../cgroup.ts'
import type { CgroupHost } from '../cgroup.ts'
import type { CriClient } from './cri-client.ts'
import { containerMessage, sandboxMessage } from './cri-config.ts'
import { containerState, criLabel, sandboxState } from './cri-constants.ts'
import type { Image } from './cri-messages.ts'
import { execInContainer } from './exec-sync.ts'
import { isNotFound } from './grpc-failure.ts'
import { invalidImageName, isImageName, pullImage } from './image-pull.ts'
import { openPodCache } from './pod-cache.ts'
import type { PodCache } from './pod-cache.ts'
import { followRuntimeEvents } from './runtime-events.ts'
import type { RuntimeEvent } from './runtime-events.ts'

export interface CriRuntimeOptions {
  readonly client: CriClient
  readonly cgroups: CgroupHost
  readonly clock: Clock
  readonly log: Log
}

const SANDBOX_TIMEOUT_MS = 240_000
const STOP_EXTRA_MS = 120_000
/** On a busy machine containerd needs seconds to write an end down: it reaps the shim first. */
const END_SETTLE_LIMIT_MS = 60_000
const OOM_SETTLE_LIMIT_MS = 5000
const SETTLE_STEP_LIMIT_MS = 500

interface Parts extends CriRuntimeOptions {
  readonly cache: PodCache
}

/** containerd behind the NodeRuntime port. */
export function openCriRuntime(options: CriRuntimeOptions): NodeRuntime {
  const { client } = options
  const parts: Parts = { ...options, cache: openPodCache(client) }
  return {
    observeAll: (signal) => parts.cache.observeAll(signal),
    observe: (podUid, signal) => parts.cache.observe(podUid, signal),
    perform: (action, signal) => perform(parts, action, signal),
    exec: (containerId, command, timeoutMs, signal) => execInContainer(client, { containerId, command, timeoutMs }, signal),
    events(listener, signal) {
      void followRuntimeEvents({ client, clock: options.clock, log: options.log }, {
        onGap: () => listener(''),
        onEvent: (event) => void tellEvent(parts, event, listener, signal),
      }, signal)
    },
    info: (signal) => runtimeInfo(client, signal),
    findImage: (image, signal) => findImage(client, image, signal),
    listImages: (signal) => listImages(client, signal),
  }
}

/**
 * The event comes from the shim; containerd's CRI part learns of it at the same time and needs a moment to write it down. To
 * say so too early would show the container as running, and nothing would tell of it again.
 */
async function tellEvent(parts: Parts, event: RuntimeEvent, listener: (podUid: string) => void, signal: AbortSignal): Promise<void> {
  const { containerId, topic } = event
  const podUid = await parts.cache.podOf(containerId, signal)
  const until = parts.clock.now() + (topic === 'exit' ? END_SETTLE_LIMIT_MS : OOM_SETTLE_LIMIT_MS)
  for (let delayMs = 2; parts.clock.now() < until && !signal.aborted; delayMs = Math.min(delayMs * 2, SETTLE_STEP_LIMIT_MS)) {
    if (await isWrittenDown(parts.client, event, signal)) break
    await sleep(parts.clock, delayMs, signal)
  }
  parts.cache.forgetStatus(containerId)
  if (!signal.aborted) listener(podUid)
}

/** containerd may write the reason OOMKilled after the end itself. A container that lives on keeps none: it takes the whole wait. */
async function isWrittenDown(client: CriClient, { containerId: id, topic }: RuntimeEvent, signal: AbortSignal): Promise<boolean> {
  const container = await client.containerStatus({ containerId: id }, { signal }).catch(() => undefined)
  if (container?.status !== undefined) {
    const { state, reason } = container.status
    return state === containerState.exited && (topic === 'exit' || reason === 'OOMKilled')
  }
  const sandbox = await client.podSandboxStatus({ podSandboxId: id }, { signal }).catch(() => undefined)
  return sandbox?.status === undefined || sandbox.status.state === sandboxState.notReady
}

async function perform(parts: Parts, action: RuntimeAction, signal: AbortSignal): Promise<RuntimeResult> {
  switch (action.type) {
    case 'pull-image': return pullImage(parts.client, action, signal)
    case 'create-sandbox': return createSandbox(parts, action.sandbox, signal)
    case 'start-container': return startContainer(parts, action.container, signal)
    case 'stop-container': return stopContainer(parts, action.containerId, action.graceSeconds, signal)
    case 'remove-container': return removeContainer(parts, action.containerId, signal)
    case 'stop-sandbox': return stopSandbox(parts, action.sandboxId, signal)
    case 'remove-sandbox': return removeSandbox(parts, action.sandboxId, signal)
    default: return unreachable(action)
  }
}

async function createSandbox(parts: Parts, config: SandboxConfig, signal: AbortSignal): Promise<RuntimeResult> {
  try {
    writeCgroup(parts.cgroups, config.cgroupParent, config.cgroupLimits)
    mkdirSync(config.logDirectory, { recursive: true, mode: 0o755 })
    const answer = await parts.client.runPodSandbox({ config: sandboxMessage(config) }, { timeoutMs: SANDBOX_TIMEOUT_MS, signal })
    parts.cache.remember(answer.podSandboxId, config.podUid)
    return { type: 'sandbox', sandboxId: answer.podSandboxId }
  } catch (error) {
    throw failure(error, 'CreatePodSandboxError', signal)
  }
}

async function startContainer(parts: Parts, config: ContainerConfig, signal: AbortSignal): Promise<RuntimeResult> {
  const containerId = await createContainer(parts, config, signal)
  try {
    await parts.client.startContainer({ containerId }, { signal })
    return { type: 'container', containerId }
  } catch (error) {
    throw failure(error, 'RunContainerError', signal)
  }
}

async function createContainer(parts: Parts, config: ContainerConfig, signal: AbortSignal): Promise<string> {
  try {
    mkdirSync(dirname(join(config.sandbox.logDirectory, config.logPath)), { recursive: true, mode: 0o755 })
  } catch (error) {
    throw failure(error, 'CreateContainerConfigError', signal)
  }
  try {
    const answer = await parts.client.createContainer({
      podSandboxId: config.sandboxId,
      config: containerMessage(config),
      sandboxConfig: sandboxMessage(config.sandbox),
    }, { signal })
    parts.cache.remember(answer.containerId, config.podUid)
    return answer.containerId
  } catch (error) {
    throw failure(error, 'CreateContainerError', signal)
  }
}

async function stopContainer(parts: Parts, containerId: string, graceSeconds: number, signal: AbortSignal): Promise<RuntimeResult> {
  const timeout = BigInt(Math.max(0, Math.round(graceSeconds)))
  const timeoutMs = graceSeconds * 1000 + STOP_EXTRA_MS
  await ignoringNotFound(() => parts.client.stopContainer({ containerId, timeout }, { timeoutMs, signal }), 'KillContainerError', signal)
  parts.cache.forgetStatus(containerId)
  return { type: 'done' }
}

async function removeContainer(parts: Parts, containerId: string, signal: AbortSignal): Promise<RuntimeResult> {
  await ignoringNotFound(() => parts.client.removeContainer({ containerId }, { signal }), 'KillContainerError', signal)
  parts.cache.forget(containerId)
  return { type: 'done' }
}

async function stopSandbox(parts: Parts, podSandboxId: string, signal: AbortSignal): Promise<RuntimeResult> {
  await ignoringNotFound(() => parts.client.stopPodSandbox({ podSandboxId }, { signal }), 'KillPodSandboxError', signal)
  parts.cache.forgetStatus(podSandboxId)
  return { type: 'done' }
}

/** With the pod's last sandbox its cgroup goes too. */
async function removeSandbox(parts: Parts, podSandboxId: string, signal: AbortSignal): Promise<RuntimeResult> {
  const podUid = await parts.cache.podOf(podSandboxId, signal)
  const look = () => parts.client.podSandboxStatus({ podSandboxId, verbose: true }, { signal })
  const verbose = await ignoringNotFound(look, 'KillPodSandboxError', signal)
  const cgroup = cgroupParentOf(verbose?.info['info'])
  await ignoringNotFound(() => parts.client.removePodSandbox({ podSandboxId }, { signal }), 'KillPodSandboxError', signal)
  parts.cache.forget(podSandboxId)
  if (podUid === '') return { type: 'done' }
  const left = await parts.client.listPodSandbox({ filter: { labelSelector: { [criLabel.podUid]: podUid } } }, { signal })
  if (left.items.length > 0) return { type: 'done' }
  if (cgroup !== undefined) await removeCgroup(parts.cgroups, cgroup)
  return { type: 'done' }
}

/** containerd's verbose answer is JSON with the sandbox's config as it was given. */
function cgroupParentOf(info: string | undefined): string | undefined {
  if (info === undefined) return undefined
  const parent = (JSON.parse(info) as { config?: { linux?: { cgroup_parent?: string } } }).config?.linux?.cgroup_parent
  return parent === undefined || parent === '' ? undefined : parent
}

async function ignoringNotFound<T>(call: () => Promise<T>, reason: string, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await call()
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw failure(error, reason, signal)
  }
}

function failure(error: unknown, reason: string, signal: AbortSignal): unknown {
  if (error instanceof RuntimeFailure || signal.aborted) return error
  return new RuntimeFailure(reason, thrownMessage(error))
}

async function runtimeInfo(client: CriClient, signal: AbortSignal): Promise<RuntimeInfo> {
  const [version, status] = await Promise.all([client.version({ version: 'v1' }, { signal }), client.status({}, { signal })])
  const problemOf = (type: string): string | undefined => {
    const condition = status.status?.conditions.find((entry) => entry.type === type)
    if (condition?.status === true) return undefined
    return condition === undefined ? `${type} is not reported` : `${condition.reason}: ${condition.message}`
  }
  return {
    name: version.runtimeName,
    version: version.runtimeVersion,
    runtimeProblem: problemOf('RuntimeReady'),
    networkProblem: problemOf('NetworkReady'),
  }
}

async function findImage(client: CriClient, image: string, signal: AbortSignal): Promise<ImageObservation | undefined> {
  if (!isImageName(image)) throw invalidImageName(image)
  try {
    const answer = await client.imageStatus({ image: { image } }, { signal })
    return answer.image === undefined ? undefined : imageObservation(answer.image)
  } catch (error) {
    throw failure(error, 'ImageInspectError', signal)
  }
}

function imageObservation(image: Image): ImageObservation {
  return {
    id: image.id,
    names: [...image.repoTags, ...image.repoDigests],
    sizeBytes: Number(image.size),
    user: image.uid !== undefined ? Number(image.uid.value) : image.username === '' ? undefined : image.username,
  }
}

async function listImages(client: CriClient, signal: AbortSignal): Promise<readonly ImageObservation[]> {
  const answer = await client.listImages({}, { signal })
  return answer.images.map(imageObservation)
}
