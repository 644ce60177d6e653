import type { Node, NodeSpec, Pod, PodSpec } from '../resources/generated/types.ts'
import { decide } from './decide.ts'
import { NodeTable } from './node-table.ts'
import { PodShapes } from './pod-shape.ts'

/** A node of 4 cores, 8 GiB and 110 pods; labels and spec as given. */
export function node(
  name: string,
  labels: Record<string, string> = {},
  spec: NodeSpec = {},
  allocatable: Record<string, string> = {}
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable } },
  }
}

/** A pod with one container that asks for cpu and memory. */
export function pod(
  name: string,
  requests: Record<string, string> = {},
  spec: Partial<PodSpec> = {},
  labels: Record<string, string> = { app: 'web' }
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, labels },
    spec: { containers: [{ name: 'main', resources: { requests } }], ...spec },
  }
}

export function tableOf(nodes: readonly Node[], placed: readonly (readonly [Pod, string])[] = []): NodeTable {
  const table = new NodeTable()
  for (const each of nodes) table.setNode(each)
  for (const [placedPod, nodeName] of placed) table.place(placedPod, nodeName)
  return table
}

/** The node's name, or the message that says why there is none. */
export function outcome(candidate: Pod, table: NodeTable): string {
  const decision = decide(candidate, table, new PodShapes())
  return decision.outcome === 'assigned' ? decision.nodeName : decision.message
}
