import { controllerOf } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Deployment, Pod } from '../../resources/generated/types.ts'
import type { DiskLog } from '../disk-log.ts'
import type { SimulatedNode } from '../simulated-node.ts'
import { isServing } from './deployment-bounds.ts'
import type { Goal } from './findings.ts'

/** Every Deployment has exactly its replicas, all of its newest template, all ready; its status says so. */
export function deploymentsConverge(log: DiskLog): Goal {
  return {
    name: 'deployments converge',
    problems: () => log.list(kinds.Deployment).flatMap((deployment) => deploymentProblems(log, deployment)),
  }
}

function deploymentProblems(log: DiskLog, { metadata, spec, status }: Deployment): readonly string[] {
  const name = `${metadata.namespace}/${metadata.name}`
  if (metadata.deletionTimestamp !== undefined) return [`${name} is still being deleted`]
  const wanted = spec?.replicas ?? 1
  const sets = log.list(kinds.ReplicaSet, metadata.namespace).filter((set) => controllerOf(set)?.uid === metadata.uid)
  const owned = new Set(sets.map((set) => set.metadata.uid))
  const pods = log.list(kinds.Pod, metadata.namespace).filter((pod) => owned.has(controllerOf(pod)?.uid) && pod.status?.phase !== 'Failed')
  const image = spec?.template.spec?.containers[0]?.image
  const good = pods.filter((pod) => isServing(pod) && pod.spec?.containers[0]?.image === image)
  const problems: string[] = []
  if (pods.length !== wanted || good.length !== wanted)
    problems.push(`${name} wants ${wanted} pods of ${image}, has ${good.length} ready among ${pods.length}`)
  const told = [status?.replicas, status?.updatedReplicas, status?.readyReplicas, status?.availableReplicas].map((count) => count ?? 0)
  if (told.some((count) => count !== wanted)) problems.push(`${name} wants ${wanted} and its status says ${told.join(', ')}`)
  if (status?.observedGeneration !== metadata.generation)
    problems.push(`${name} has generation ${metadata.generation}, observed is ${status?.observedGeneration}`)
  return problems
}

/** Every pod is bound and runs as its spec says, or has ended for good; every node is ready. */
export function podsSettle(log: DiskLog): Goal {
  return {
    name: 'pods settle',
    problems: () => [
      ...log.list(kinds.Pod).flatMap(podProblems),
      ...log.list(kinds.Node).flatMap(({ metadata, status }) => {
        return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
          ? []
          : [`node ${metadata.name} is not ready`]
      }),
    ],
  }
}

function podProblems({ metadata, spec, status }: Pod): readonly string[] {
  const name = `pod ${metadata.namespace}/${metadata.name}`
  if (metadata.deletionTimestamp !== undefined) return [`${name} is still being deleted`]
  if ((spec?.nodeName ?? '') === '') return [`${name} has no node`]
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return []
  // One that fails for ever is never done.
  if (spec?.containers.some((one) => one.name === 'failing')) return status?.phase === 'Running' ? [] : [`${name} is ${status?.phase}`]
  const unready = (status?.containerStatuses ?? []).filter(({ ready }) => !ready).map((one) => `${one.name} ${JSON.stringify(one.state)}`)
  return status?.phase === 'Running' && unready.length === 0 ? [] : [`${name} is ${status?.phase}: ${unready.join(', ')}`]
}

/** What runs on the nodes is what the API says, and nothing else is left there. */
export function nodesAgree(log: DiskLog, nodes: readonly SimulatedNode[]): Goal {
  return {
    name: 'no container runs after its pod is gone',
    problems: () => nodes.flatMap((node) => nodeProblems(node, log.list(kinds.Pod))),
  }
}

function nodeProblems(node: SimulatedNode, pods: readonly Pod[]): readonly string[] {
  const bound = new Map(pods.filter(({ spec }) => spec?.nodeName === node.name).map((pod) => [pod.metadata.uid ?? '', pod]))
  const here = node.runtime
    .podsHere()
    .filter(({ uid }) => !bound.has(uid))
    .map(({ name }) => `${node.name} has remains of pod ${name}, which is gone`)
  const running = new Set(node.runtime.running().map(({ podUid, container }) => `${podUid} ${container}`))
  const told = [...bound.values()].flatMap((pod) => (pod.status?.containerStatuses ?? []).map((status) => ({ pod, status })))
  const wrong = told.filter(({ pod, status }) => {
    return status.name !== 'failing' && (status.state?.running !== undefined) !== running.has(`${pod.metadata.uid} ${status.name}`)
  })
  return [
    ...here,
    ...wrong.map(
      ({ pod, status }) =>
        `${node.name}: the status of ${pod.metadata.name}/${status.name} is ${JSON.stringify(status.state)}, which is not so`,
    ),
  ]
}

/** After everything was deleted: no object in the namespaces, and nothing on any node. */
export function nothingIsLeft(log: DiskLog, nodes: readonly SimulatedNode[], namespaces: readonly string[]): Goal {
  return {
    name: 'nothing is left',
    problems: () => [
      ...[...log.revisions().keys()].filter((key) =>
        namespaces.some((namespace) => key.includes(`/${namespace}/`) || key.endsWith(`/namespaces/${namespace}`)),
      ),
      ...nodes.flatMap((node) => node.runtime.podsHere().map(({ name }) => `${node.name}: pod ${name}`)),
      ...nodes.flatMap((node) => node.volumes.uids().map((uid) => `${node.name}: volumes of ${uid}`)),
      ...nodes.flatMap((node) =>
        (node.agent?.pods() ?? []).map(({ pod, why }) => `${node.name}: the agent has pod ${pod.metadata.name}: ${why}`),
      ),
    ],
  }
}
