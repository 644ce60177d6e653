import { rmSync } from 'node:fs'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { detectCgroups } from '../host/cgroup.ts'
import { removePodNetwork } from '../host/cni-cleanup.ts'
import { tearDownContainers, unmountBelow } from '../host/containerd/cluster-teardown.ts'
import { containerdPaths } from '../host/containerd/containerd-paths.ts'
import { createRuleApplier } from '../host/nft/rule-applier.ts'
import { deleteTableScript } from '../network/nft-table.ts'
import { silentLog } from '../words/ports.ts'
import { clusterPaths } from './cluster-paths.ts'

/** Ends what the node runs and takes its traces out of the kernel: containers, mounts, cgroups, network. Images and data stay. */
export async function tearDownNode(config: ClusterConfig): Promise<void> {
  const paths = clusterPaths(config)
  await tearDownContainers({
    paths: containerdPaths(paths.nodeDirectory, paths.runDirectory),
    cgroups: detectCgroups(),
    cgroupPrefix: `/${paths.kernelName}`,
  }, silentLog)
  // Secrets and in-memory volumes. What the agent began to unmount when it was ended may vanish under our eyes.
  await unmountBelow([paths.podsDirectory])
  rmSync(paths.podsDirectory, { recursive: true, force: true })
  await removePodNetwork(podNetwork(config))
  await createRuleApplier().apply(deleteTableScript(paths.kernelName))
}

export function podNetwork(config: ClusterConfig): { name: string; podCidrs: readonly string[]; leaseDirectory: string } {
  const paths = clusterPaths(config)
  return { name: paths.kernelName, podCidrs: [nodePodCidr(config)], leaseDirectory: paths.networkLeaseDirectory }
}

/** The first /24 of the cluster's range belongs to the first node: 10.244.0.0/16 -> 10.244.0.0/24. */
export function nodePodCidr(config: ClusterConfig): string {
  return config.podCidr.replace(/\/\d+$/, '/24')
}
