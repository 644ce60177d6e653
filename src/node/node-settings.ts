import type { ClusterNames } from './pod-names.ts'

/** What the composition root decides for one node. */
export interface NodeSettings {
  readonly nodeName: string
  readonly cluster: ClusterNames
  /** Prefix of all cgroups of this node's pods, below the hierarchies' roots: /lotse-NAME. */
  readonly cgroupRoot: string
  /** Where the logs of pods are kept, absolute: one directory per pod in it. */
  readonly logDirectory: string
  /** Where Localhost seccomp profiles are looked up, absolute. */
  readonly seccompDirectory: string
  /** Port of the node's HTTPS server for logs, exec and port-forward; goes into the Node's status. */
  readonly kubeletPort: number
  readonly maxPods: number
  /** Extra labels and taints at registration. */
  readonly labels: Readonly<Record<string, string>>
  /** What the Node's status tells as kubeletVersion: v1.32.0+lotse.0.1.0. */
  readonly version: string
}

export function podLogDirectory(settings: NodeSettings, pod: { namespace: string; name: string; uid: string }): string {
  return `${settings.logDirectory}/${pod.namespace}_${pod.name}_${pod.uid}`
}
