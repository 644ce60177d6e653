import type { KubeObject } from '../objects/kube-object.ts'

/** Where the agent tells what happens to pods and to the node; losing an event harms nothing. */
export interface NodeEvents {
  record(regarding: KubeObject, event: NodeEvent): void
}

export interface NodeEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** spec.containers{web}: the part of the object that it is about. */
  readonly fieldPath?: string
}
