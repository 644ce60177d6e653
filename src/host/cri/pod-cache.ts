import type { ContainerObservation, PodObservation, SandboxObservation } from '../../node/runtime.ts'
import type { CriClient } from './cri-client.ts'
import { containerState, criAnnotation, criLabel, sandboxState } from './cri-constants.ts'
import { addressesOf, containerObservation, sandboxObservation, stateOf } from './cri-observation.ts'
import type { Container, ContainerStatus, PodSandbox } from './cri-messages.ts'
import { isNotFound } from './grpc-failure.ts'
import { readLogTail, readTerminationFile } from './termination-message.ts'

/** More ids than a node has containers; beyond it the oldest are looked up again when they are needed. */
const CACHE_LIMIT = 8192

/**
 * Observations of pods. Lists are cheap, but a list lacks addresses, times and exit codes, so each sandbox and container
 * needs a call of its own; those answers that cannot change any more are kept.
 */
export interface PodCache {
  observeAll(signal: AbortSignal): Promise<readonly PodObservation[]>
  observe(podUid: string, signal: AbortSignal): Promise<PodObservation | undefined>
  /** The pod of a sandbox or container; '' when nobody knows. */
  podOf(id: string, signal: AbortSignal): Promise<string>
  remember(id: string, podUid: string): void
  /** Something happened to it: look again. */
  forgetStatus(id: string): void
  /** It is gone. */
  forget(id: string): void
}

export function openPodCache(client: CriClient): PodCache {
  const pods = new Map<string, string>()
  const addresses = new Map<string, readonly string[]>()
  const settled = new Map<string, ContainerObservation>()
  const observer: Observer = {
    client,
    addresses: bounded(addresses),
    settled: bounded(settled),
    pods: bounded(pods),
  }
  return {
    async observeAll(signal) {
      const [sandboxes, containers] = await Promise.all([client.listPodSandbox({}, { signal }), client.listContainers({}, { signal })])
      return assemble(observer, sandboxes.items, containers.containers, signal)
    },
    async observe(podUid, signal) {
      const filter = { labelSelector: { [criLabel.podUid]: podUid } }
      const [sandboxes, containers] = await Promise.all([
        client.listPodSandbox({ filter }, { signal }), client.listContainers({ filter }, { signal }),
      ])
      const [pod] = await assemble(observer, sandboxes.items, containers.containers, signal)
      return pod
    },
    podOf: (id, signal) => podOf(observer, id, signal),
    remember: (id, podUid) => observer.pods.set(id, podUid),
    forgetStatus(id) {
      settled.delete(id)
      addresses.delete(id)
    },
    forget(id) {
      settled.delete(id)
      addresses.delete(id)
      pods.delete(id)
    },
  }
}

interface Observer {
  readonly client: CriClient
  readonly pods: BoundedMap<string>
  readonly addresses: BoundedMap<readonly string[]>
  /** Running and exited ones: what is known of them changes only with their state, which each list has. */
  readonly settled: BoundedMap<ContainerObservation>
}

interface BoundedMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
}

/** Drops the oldest entry beyond the limit. */
function bounded<Value>(map: Map<string, Value>): BoundedMap<Value> {
  return {
    get: (key) => map.get(key),
    set(key, value) {
      map.set(key, value)
      if (map.size <= CACHE_LIMIT) return
      const [oldest] = map.keys()
      if (oldest !== undefined) map.delete(oldest)
    },
  }
}

interface Draft {
  readonly namespace: string
  readonly name: string
  readonly sandboxes: Promise<SandboxObservation>[]
  readonly containers: Promise<ContainerObservation | undefined>[]
}

async function assemble(
  observer: Observer, sandboxes: readonly PodSandbox[], containers: readonly Container[], signal: AbortSignal,
): Promise<PodObservation[]> {
  const drafts = new Map<string, Draft>()
  const draftOf = (id: string, labels: Readonly<Record<string, string>>): Draft | undefined => {
    const uid = labels[criLabel.podUid]
    if (uid === undefined) return undefined
    observer.pods.set(id, uid)
    const there = drafts.get(uid)
    if (there !== undefined) return there
    const namespace = labels[criLabel.podNamespace] ?? ''
    const draft: Draft = { namespace, name: labels[criLabel.podName] ?? '', sandboxes: [], containers: [] }
    drafts.set(uid, draft)
    return draft
  }
  for (const sandbox of sandboxes) draftOf(sandbox.id, sandbox.labels)?.sandboxes.push(observeSandbox(observer, sandbox, signal))
  for (const container of containers) {
    draftOf(container.id, container.labels)?.containers.push(observeContainer(observer, container, signal))
  }
  const pods: PodObservation[] = []
  for (const [uid, draft] of drafts) {
    const observed = (await Promise.all(draft.containers)).filter((container) => container !== undefined)
    pods.push({
      uid,
      namespace: draft.namespace,
      name: draft.name,
      sandboxes: (await Promise.all(draft.sandboxes)).sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt),
      containers: observed.sort((a, b) => b.createdAt - a.createdAt),
    })
  }
  return pods
}

async function observeSandbox(observer: Observer, sandbox: PodSandbox, signal: AbortSignal): Promise<SandboxObservation> {
  if (sandbox.state !== sandboxState.ready) return sandboxObservation(sandbox, [])
  const known = observer.addresses.get(sandbox.id)
  if (known !== undefined) return sandboxObservation(sandbox, known)
  try {
    const { status } = await observer.client.podSandboxStatus({ podSandboxId: sandbox.id }, { signal })
    const addresses = status === undefined ? [] : addressesOf(status)
    // None is not kept: host network has none, and is rare; else the address is still to come.
    if (addresses.length > 0) observer.addresses.set(sandbox.id, addresses)
    return sandboxObservation(sandbox, addresses)
  } catch (error) {
    if (!isNotFound(error)) throw error
    return { ...sandboxObservation(sandbox, []), state: 'not-ready' }
  }
}

/** Undefined when it was removed in between. */
async function observeContainer(observer: Observer, container: Container, signal: AbortSignal): Promise<ContainerObservation | undefined> {
  const known = observer.settled.get(container.id)
  if (known !== undefined && known.state === stateOf(container.state)) return known
  try {
    const { status } = await observer.client.containerStatus({ containerId: container.id }, { signal })
    if (status === undefined) return undefined
    const observation = containerObservation(container, status, terminationMessage(status))
    if (observation.state === 'exited' || observation.state === 'running') observer.settled.set(container.id, observation)
    return observation
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** What the container wrote; else, where asked for and on failure, the end of its log; else what the runtime said. */
function terminationMessage(status: ContainerStatus): string {
  if (status.state !== containerState.exited) return ''
  const file = status.annotations[criAnnotation.terminationHostPath]
  const written = file === undefined ? '' : readTerminationFile(file)
  if (written !== '') return written
  const fromLogs = status.annotations[criAnnotation.terminationFromLogs] === 'true' && status.exitCode !== 0
  const tail = fromLogs && status.logPath !== '' ? readLogTail(status.logPath) : ''
  return tail === '' ? status.message : tail
}

async function podOf(observer: Observer, id: string, signal: AbortSignal): Promise<string> {
  const known = observer.pods.get(id)
  if (known !== undefined) return known
  const { client } = observer
  const container = await client.containerStatus({ containerId: id }, { signal }).catch(() => undefined)
  const sandbox = container === undefined
    ? await client.podSandboxStatus({ podSandboxId: id }, { signal }).catch(() => undefined)
    : undefined
  const uid = (container?.status ?? sandbox?.status)?.labels[criLabel.podUid]
  if (uid !== undefined) observer.pods.set(id, uid)
  return uid ?? ''
}
