import type { KubeObject } from '../../objects/kube-object.ts'
import { addQuantities, compareQuantities, quantityToNumber } from '../../objects/quantity.ts'
import type { Quantity } from '../../objects/quantity.ts'
import type { PersistentVolumeClaim, Pod, ResourceRequirements, Service } from '../../resources/generated/types.ts'
import { isTerminalPhase } from '../../resources/kinds/pod/phase.ts'
import type { Instant } from '../../words/instant.ts'
import { parseTime } from '../../words/instant.ts'
import { podLimits, podRequests } from '../pod-resources/pod-totals.ts'
import { addTo, quantitiesOf } from '../pod-resources/quantities.ts'
import type { Quantities, ReadonlyQuantities } from '../pod-resources/quantities.ts'
import { countName, isExtendedResource, LEGACY_COUNTS, storageClassName } from './resource-names.ts'
import type { Resource } from './resource-names.ts'

/** What an object takes of each resource that a quota can name: pods=1, requests.cpu=500m, count/pods=1. */
export type UsageOf = (resource: Resource, object: KubeObject, now: Instant) => ReadonlyQuantities

const ONE: Quantity = { nanos: 1_000_000_000n, format: 'decimal' }

/** Objects never change, so that what was once worked out is remembered as long as they live. */
export function createUsageOf(): UsageOf {
  const known = new WeakMap<KubeObject, ReadonlyQuantities>()
  return (resource, object, now) => {
    // Its time alone makes a pod that will not end count no more: that is not remembered.
    if (isPod(resource) && isOverdue(object, now)) return podCount()
    let usage = known.get(object)
    if (usage === undefined) known.set(object, (usage = usageOf(resource, object)))
    return usage
  }
}

function isPod({ group, plural }: Resource): boolean {
  return plural === 'pods' && group === ''
}

function usageOf(resource: Resource, object: KubeObject): ReadonlyQuantities {
  if (resource.group === '') {
    switch (resource.plural) {
      case 'pods': return podUsage(object as Pod)
      case 'services': return serviceUsage(object as Service)
      case 'persistentvolumeclaims': return claimUsage(object as PersistentVolumeClaim)
    }
  }
  const usage = new Map([[countName(resource), ONE]])
  if (resource.group === '' && LEGACY_COUNTS.has(resource.plural)) usage.set(resource.plural, ONE)
  return usage
}

function podCount(): Quantities {
  return new Map([['count/pods', ONE]])
}

/** A pod that has ended takes nothing but its place in the store. */
function podUsage(pod: Pod): ReadonlyQuantities {
  const usage = podCount()
  if (pod.spec === undefined || isTerminalPhase(pod.status?.phase)) return usage
  usage.set('pods', ONE)
  addTo(usage, computeUsage(podRequests(pod.spec), podLimits(pod.spec)))
  return usage
}

/** Which names a container's own resources fill, for quotas that want every container to say. */
export function containerUsage(resources: ResourceRequirements | undefined): ReadonlyQuantities {
  return computeUsage(quantitiesOf(resources?.requests), quantitiesOf(resources?.limits))
}

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage']

function computeUsage(requests: ReadonlyQuantities, limits: ReadonlyQuantities): Quantities {
  const usage: Quantities = new Map()
  for (const [name, amount] of requests) {
    const counts = COMPUTE.includes(name) || name.startsWith('hugepages-')
    if (counts) usage.set(name, amount)
    if (counts || isExtendedResource(name)) usage.set(`requests.${name}`, amount)
  }
  for (const name of COMPUTE) {
    const limit = limits.get(name)
    if (limit !== undefined) usage.set(`limits.${name}`, limit)
  }
  return usage
}

/** When a pod whose node does not end it counts no more: twice its grace period after its deletion was asked for. */
export function overdueAt({ metadata }: KubeObject): Instant | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return undefined
  const ends = parseTime(deletionTimestamp)
  return ends === undefined ? undefined : ends + Number(deletionGracePeriodSeconds) * 1000
}

function isOverdue(object: KubeObject, now: Instant): boolean {
  const at = overdueAt(object)
  return at !== undefined && now > at
}

function serviceUsage({ spec = {} }: Service): ReadonlyQuantities {
  const { ports = [], type } = spec
  const balanced = type === 'LoadBalancer'
  const all = type === 'NodePort' || (balanced && spec.allocateLoadBalancerNodePorts !== false)
  const nodePorts = all ? ports.length : balanced ? ports.filter(({ nodePort = 0 }) => nodePort !== 0).length : 0
  return new Map([
    ['count/services', ONE], ['services', ONE],
    ['services.loadbalancers', pieces(balanced ? 1 : 0)], ['services.nodeports', pieces(nodePorts)],
  ])
}

function pieces(count: number): Quantity {
  return { nanos: BigInt(count) * 1_000_000_000n, format: 'decimal' }
}

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

function claimUsage({ metadata, spec, status }: PersistentVolumeClaim): ReadonlyQuantities {
  const usage: Quantities = new Map([['count/persistentvolumeclaims', ONE], ['persistentvolumeclaims', ONE]])
  const storageClass = metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? ''
  const asked = quantitiesOf(spec?.resources?.requests).get('storage')
  const allocated = quantitiesOf(status?.allocatedResources).get('storage')
  if (asked !== undefined) {
    const larger = allocated !== undefined && compareQuantities(allocated, asked) > 0 ? allocated : asked
    usage.set('requests.storage', wholeBytes(larger))
  }
  if (storageClass === '') return usage
  for (const name of ['persistentvolumeclaims', 'requests.storage']) {
    const amount = usage.get(name)
    if (amount !== undefined) usage.set(storageClassName(storageClass, name), amount)
  }
  return usage
}

function wholeBytes(quantity: Quantity): Quantity {
  return { ...quantity, nanos: BigInt(quantityToNumber(quantity)) * 1_000_000_000n }
}

/** What one object more, or less, changes: after minus before, without what stays. */
export function usageDelta(after: ReadonlyQuantities, before: ReadonlyQuantities): Quantities {
  const delta: Quantities = new Map()
  for (const [name, amount] of after) {
    const change = addQuantities(amount, negative(before.get(name)))
    if (change.nanos !== 0n) delta.set(name, change)
  }
  for (const [name, amount] of before) if (!after.has(name) && amount.nanos !== 0n) delta.set(name, negative(amount))
  return delta
}

function negative(quantity: Quantity | undefined): Quantity {
  return quantity === undefined ? { nanos: 0n, format: 'decimal' } : { ...quantity, nanos: -quantity.nanos }
}
