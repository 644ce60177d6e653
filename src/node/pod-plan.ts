import type { PodStatus } from '../resources/generated/types.ts'
import type { Instant } from '../words/instant.ts'

export type ContainerRole = 'init' | 'sidecar' | 'regular' | 'ephemeral'

/** What the node does next for a pod. Higher than RuntimeAction: images, environment and mounts are resolved when one begins. */
export type PodAction =
  | { readonly type: 'set-up-volumes' }
  /** ConfigMaps, Secrets, tokens or the pod's metadata may have changed: write what differs. */
  | { readonly type: 'refresh-volumes' }
  | { readonly type: 'create-sandbox'; readonly attempt: number }
  | StartContainer
  | StopContainer
  | { readonly type: 'remove-container'; readonly name: string; readonly containerId: string }
  | { readonly type: 'stop-sandbox'; readonly sandboxId: string }
  | { readonly type: 'remove-sandbox'; readonly sandboxId: string }
  | { readonly type: 'tear-down-volumes' }
  /** The pod's directory, cgroup and logs. */
  | { readonly type: 'remove-pod-files' }
  | { readonly type: 'delete-pod-object' }

export interface StartContainer {
  readonly type: 'start-container'
  readonly name: string
  readonly role: ContainerRole
  readonly attempt: number
  readonly sandboxId: string
  /** When the container before it ended: what the crash back-off counts from. */
  readonly previousFinishedAt: Instant | undefined
}

export interface StopContainer {
  readonly type: 'stop-container'
  readonly name: string
  readonly containerId: string
  readonly graceSeconds: number
  readonly preStop: boolean
  readonly because: 'pod-ends' | 'restart'
  /** Of the Killing event. */
  readonly message: string
}

export interface PlannedEvent {
  /** Told once per pod and key: a plan is made many times. */
  readonly key: string
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** The container it is about; '' for the pod. */
  readonly container: string
}

export interface PodPlan {
  /** To be started now; what is under way already is not among them. Independent of each other. */
  readonly actions: readonly PodAction[]
  /** Operations (operationOf) under way that no longer serve. */
  readonly cancel: readonly string[]
  readonly events: readonly PlannedEvent[]
  readonly status: PodStatus
  /** Plan again then, even if nothing changes. */
  readonly wakeAt?: Instant
  /** One sentence for a person. */
  readonly why: string
}

/** What an action works on; one action at a time each. */
export function operationOf(action: PodAction): string {
  switch (action.type) {
    case 'set-up-volumes':
    case 'refresh-volumes':
    case 'tear-down-volumes':
      return 'volumes'
    case 'create-sandbox':
      return 'sandbox'
    case 'start-container':
    case 'stop-container':
      return `container/${action.name}`
    case 'remove-container':
      return `remove/${action.containerId}`
    case 'stop-sandbox':
    case 'remove-sandbox':
      return `sandbox/${action.sandboxId}`
    case 'remove-pod-files':
      return 'files'
    case 'delete-pod-object':
      return 'object'
  }
}
