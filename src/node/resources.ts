import { milliUnits, wholeUnits } from '../objects/quantity.ts'
import type { Container, Pod, ResourceRequirements } from '../resources/generated/types.ts'
import { qualityOfService } from '../resources/kinds/pod/quality-of-service.ts'
import type { PodCgroupLimits, ResourceLimits } from './runtime.ts'

const PERIOD_MICROS = 100_000
const LEAST_QUOTA_MICROS = 1000
const LEAST_SHARES = 2
const MOST_SHARES = 262_144
const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000

/** In thousandths of a CPU and in bytes; undefined: not said. */
interface Amounts {
  readonly cpuMilli: number | undefined
  readonly memoryBytes: number | undefined
}

function amounts(list: Readonly<Record<string, string>> | undefined): Amounts {
  const cpu = list?.['cpu']
  const memory = list?.['memory']
  return { cpuMilli: cpu === undefined ? undefined : milliUnits(cpu), memoryBytes: memory === undefined ? undefined : wholeUnits(memory) }
}

/** A request that is not said is the limit, as the API's defaults have it. */
function requestsOf(resources: ResourceRequirements | undefined): Amounts {
  const limits = amounts(resources?.limits)
  const requests = amounts(resources?.requests)
  return { cpuMilli: requests.cpuMilli ?? limits.cpuMilli, memoryBytes: requests.memoryBytes ?? limits.memoryBytes }
}

/** Shares of cgroup v1, 1024 a processor: 250 milli are 256. */
function cpuShares(milli: number): number {
  return milli === 0 ? LEAST_SHARES : Math.min(MOST_SHARES, Math.max(LEAST_SHARES, Math.floor((milli * 1024) / 1000)))
}

/** Processor time in each period of 100 ms: 250 milli are 25,000; 0 is no limit. */
function cpuQuotaMicros(milli: number): number {
  return milli === 0 ? 0 : Math.max(LEAST_QUOTA_MICROS, Math.floor((milli * PERIOD_MICROS) / 1000))
}

/** The limits of one container on a node with so much memory. */
export function containerLimits(pod: Pod, container: Container, nodeMemoryBytes: number): ResourceLimits {
  const limits = amounts(container.resources?.limits)
  const requests = requestsOf(container.resources)
  return {
    cpuShares: cpuShares(requests.cpuMilli ?? 0),
    cpuQuotaMicros: cpuQuotaMicros(limits.cpuMilli ?? 0),
    cpuPeriodMicros: PERIOD_MICROS,
    memoryLimitBytes: limits.memoryBytes ?? 0,
    oomScoreAdjustment: oomScoreAdjustment(pod, container, nodeMemoryBytes),
  }
}

/** Whom the kernel kills first when memory runs out: those without requests, then those that use much beyond what they asked for. */
export function oomScoreAdjustment(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  if ((pod.spec?.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY) return -997
  const quality = qualityOfService(pod.spec)
  if (quality === 'Guaranteed') return -997
  if (quality === 'BestEffort') return 1000
  const score = 1000 - Math.floor((1000 * (requestsOf(container.resources).memoryBytes ?? 0)) / nodeMemoryBytes)
  return score < 3 ? 3 : Math.min(score, 999)
}

/** The limits of the whole pod. An amount is limited only where every container has a limit for it. */
export function podLimits(pod: Pod): PodCgroupLimits {
  const cpuLimit = podTotal(pod, ({ resources }) => amounts(resources?.limits).cpuMilli)
  const memoryLimit = podTotal(pod, ({ resources }) => amounts(resources?.limits).memoryBytes)
  const cpuRequest = podTotal(pod, ({ resources }) => requestsOf(resources).cpuMilli ?? 0) ?? 0
  return {
    cpuShares: cpuShares(cpuRequest),
    cpuQuotaMicros: cpuQuotaMicros(cpuLimit ?? 0),
    cpuPeriodMicros: PERIOD_MICROS,
    memoryLimitBytes: memoryLimit ?? 0,
  }
}

/** The most that runs at one time: all regular containers and sidecars, or an init container with the sidecars before it. */
function podTotal(pod: Pod, amountOf: (container: Container) => number | undefined): number | undefined {
  let sidecars = 0
  let most = 0
  for (const container of pod.spec?.initContainers ?? []) {
    const amount = amountOf(container)
    if (amount === undefined) return undefined
    if (container.restartPolicy === 'Always') sidecars += amount
    else most = Math.max(most, sidecars + amount)
  }
  let regular = 0
  for (const container of pod.spec?.containers ?? []) {
    const amount = amountOf(container)
    if (amount === undefined) return undefined
    regular += amount
  }
  return Math.max(most, regular + sidecars)
}

/** /prefix/kubepods/burstable/podUID, as monitoring tools know it. */
export function podCgroup(cgroupRoot: string, pod: Pod): string {
  const quality = qualityOfService(pod.spec)
  const tier = quality === 'Guaranteed' ? '' : `/${quality.toLowerCase()}`
  return `${cgroupRoot}/kubepods${tier}/pod${pod.metadata.uid ?? ''}`
}
