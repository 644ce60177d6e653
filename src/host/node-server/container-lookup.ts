import type { CriClient } from '../cri/cri-client.ts'
import { containerState, criLabel, sandboxState } from '../cri/cri-constants.ts'
import type { Container } from '../cri/cri-messages.ts'
import { isNotFound } from '../cri/grpc-failure.ts'
import { RequestRefused } from './request-refused.ts'

export interface ContainerName {
  readonly namespace: string
  readonly pod: string
  readonly container: string
}

/** All containers of this name, newest first. */
async function findContainers(client: CriClient, name: ContainerName): Promise<readonly Container[]> {
  const labelSelector = {
    [criLabel.podNamespace]: name.namespace,
    [criLabel.podName]: name.pod,
    [criLabel.containerName]: name.container,
  }
  const { containers } = await client.listContainers({ filter: { labelSelector } })
  return containers.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
}

/** The container to exec in or attach to. Throws what kubectl shows when it is not there or does not run. */
export async function runningContainer(client: CriClient, name: ContainerName): Promise<Container> {
  const [newest] = await findContainers(client, name)
  if (newest === undefined) throw new RequestRefused(404, `container not found ("${name.container}")`)
  if (newest.state !== containerState.running) {
    throw new RequestRefused(500, `cannot exec in or attach to container "${name.container}" of pod "${name.pod}": it is not running`)
  }
  return newest
}

/** The sandbox of a running pod, for port-forward. */
export async function readySandbox(client: CriClient, namespace: string, pod: string): Promise<string> {
  const labelSelector = { [criLabel.podNamespace]: namespace, [criLabel.podName]: pod }
  const { items } = await client.listPodSandbox({ filter: { labelSelector, state: { state: sandboxState.ready } } })
  const [newest] = items.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  if (newest === undefined) throw new RequestRefused(404, `pod not found ("${pod}_${namespace}")`)
  return newest.id
}

export interface ContainerLog {
  readonly containerId: string
  readonly path: string
}

/** What kubectl's users know for these two. */
const WAITING: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
}

/** Where the log of the newest container (or the one before it) is. waitingReason: what to say of one that is not there yet. */
export async function containerLog(
  client: CriClient, name: ContainerName, which: 'current' | 'previous', waitingReason: string | undefined,
): Promise<ContainerLog> {
  const found = await findContainers(client, name)
  // While a container waits to be restarted, the one that ended last is the one before it.
  const awaitsRestart = waitingReason !== undefined && found[0]?.state === containerState.exited
  const container = found[which === 'current' || awaitsRestart ? 0 : 1]
  const called = `container "${name.container}" in pod "${name.pod}"`
  if (container === undefined) {
    if (which === 'previous') throw new RequestRefused(400, `previous terminated ${called} not found`)
    if (waitingReason === undefined) throw new RequestRefused(404, `${called} is not available`)
    throw new RequestRefused(400, `${called} is waiting to start: ${WAITING[waitingReason] ?? waitingReason}`)
  }
  const { status } = await client.containerStatus({ containerId: container.id })
  if (status === undefined || status.logPath === '') throw new RequestRefused(404, `${called} has no log`)
  return { containerId: container.id, path: status.logPath }
}

export async function isContainerRunning(client: CriClient, containerId: string): Promise<boolean> {
  try {
    const { status } = await client.containerStatus({ containerId })
    return status?.state === containerState.running || status?.state === containerState.created
  } catch (error) {
    // While containerd restarts nobody knows; its containers run on.
    return !isNotFound(error)
  }
}
