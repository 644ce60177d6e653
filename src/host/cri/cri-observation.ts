import type { ContainerObservation, SandboxObservation } from '../../node/runtime.ts'
import type { Instant } from '../../words/instant.ts'
import { containerState, criAnnotation, sandboxState } from './cri-constants.ts'
import type { Container, ContainerStatus, PodSandbox, PodSandboxStatus } from './cri-messages.ts'

/** A sandbox as the node agent sees it. */
export function sandboxObservation(sandbox: PodSandbox, addresses: readonly string[]): SandboxObservation {
  return {
    id: sandbox.id,
    attempt: sandbox.metadata?.attempt ?? 0,
    state: sandbox.state === sandboxState.ready ? 'ready' : 'not-ready',
    createdAt: instantOf(sandbox.createdAt) ?? 0,
    addresses,
  }
}

export function addressesOf(status: PodSandboxStatus): readonly string[] {
  const { network } = status
  if (network === undefined || network.ip === '') return []
  return [network.ip, ...network.additionalIps.map((address) => address.ip)]
}

export function containerObservation(container: Container, status: ContainerStatus, message: string): ContainerObservation {
  const state = stateOf(status.state)
  return {
    id: container.id,
    name: container.metadata?.name ?? '',
    attempt: container.metadata?.attempt ?? 0,
    sandboxId: container.podSandboxId,
    state,
    createdAt: instantOf(status.createdAt) ?? 0,
    startedAt: instantOf(status.startedAt),
    // containerd notes the start when its call has returned: a process that ended meanwhile would have ended before it began.
    finishedAt: instantOf(status.finishedAt > 0n && status.finishedAt < status.startedAt ? status.startedAt : status.finishedAt),
    exitCode: status.exitCode,
    reason: state === 'exited' ? exitReason(status) : '',
    message,
    image: status.image?.image ?? '',
    imageId: status.imageRef,
    specHash: status.annotations[criAnnotation.specHash] ?? '',
  }
}

/** containerd's own words (OOMKilled, StartError), which users know; Error and Completed where it says nothing. */
function exitReason(status: ContainerStatus): string {
  if (status.reason !== '') return status.reason
  return status.exitCode === 0 ? 'Completed' : 'Error'
}

export function stateOf(state: number): ContainerObservation['state'] {
  switch (state) {
    case containerState.created: return 'created'
    case containerState.running: return 'running'
    case containerState.exited: return 'exited'
    default: return 'unknown'
  }
}

/** Nanoseconds since 1970; 0 and the zero time of Go (before 1970) mean that it did not happen. */
function instantOf(nanoseconds: bigint): Instant | undefined {
  return nanoseconds <= 0n ? undefined : Number(nanoseconds / 1000n) / 1000
}
