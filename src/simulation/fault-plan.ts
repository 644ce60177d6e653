import type { LinkFaults } from './link.ts'
import { calmLink } from './link.ts'
import type { SeededRandom } from './seeded-random.ts'

/**
 * Which faults a run has, and how often. Each run draws a subset of them (swarm testing, Groce and others 2012): a run with all faults at
 * once rarely gets deep into what a single one sets off.
 */
export interface FaultPlan {
  readonly nodes: number
  readonly chaosMs: number
  readonly controllerLink: LinkFaults
  readonly nodeLink: LinkFaults
  readonly userLink: LinkFaults
  readonly maxSyncMs: number
  /** Mean times between faults of each sort, for the whole cluster; 0: never. */
  readonly serverCrashMs: number
  readonly agentCrashMs: number
  readonly runtimeOutageMs: number
  readonly partitionMs: number
  readonly rebootMs: number
  readonly containerCrashMs: number
  readonly compactionMs: number
  readonly diskFullMs: number
  /** Share of runtime actions that fail, before or after they took effect. */
  readonly runtimeFaults: number
  readonly cordonMs: number
  /** One node is away for so long, beyond the end of all other faults: long enough, and its pods are replaced elsewhere. 0: none. */
  readonly absenceMs: number
}

export function drawFaultPlan(random: SeededRandom): FaultPlan {
  const often = (share: number, lowMs: number, highMs: number): number => (random.chance(share) ? random.between(lowMs, highMs) : 0)
  return {
    nodes: random.pick([1, 2, 2, 3]),
    chaosMs: random.between(8_000, 30_000),
    controllerLink: drawLink(random, 0.6),
    nodeLink: drawLink(random, 0.6),
    userLink: drawLink(random, 0.6),
    maxSyncMs: random.pick([1, 3, 20]),
    serverCrashMs: often(0.5, 5_000, 20_000),
    agentCrashMs: often(0.5, 4_000, 20_000),
    runtimeOutageMs: often(0.35, 6_000, 30_000),
    partitionMs: often(0.35, 6_000, 30_000),
    absenceMs: often(0.12, 60_000, 450_000),
    rebootMs: often(0.2, 10_000, 40_000),
    containerCrashMs: often(0.4, 2_000, 10_000),
    compactionMs: often(0.4, 3_000, 15_000),
    diskFullMs: often(0.15, 8_000, 30_000),
    runtimeFaults: random.chance(0.35) ? 0.01 + random.next() * 0.08 : 0,
    cordonMs: often(0.3, 5_000, 20_000),
  }
}

function drawLink(random: SeededRandom, share: number): LinkFaults {
  if (!random.chance(share)) return calmLink
  const some = (most: number): number => (random.chance(0.6) ? random.next() * most : 0)
  return {
    lostRequests: some(0.04),
    lostReplies: some(0.06),
    lateRequests: some(0.02),
    maxDelayMs: random.pick([2, 10, 50]),
    slow: some(0.05),
    slowDelayMs: 800,
    watchLifeMs: random.chance(0.6) ? random.between(3_000, 40_000) : 0,
  }
}

/** Whether pods lose their readiness by anything but the controllers' own doing. */
export function disturbsPods(plan: FaultPlan): boolean {
  const { agentCrashMs, runtimeOutageMs, partitionMs, absenceMs, rebootMs, containerCrashMs, runtimeFaults, serverCrashMs } = plan
  return agentCrashMs + runtimeOutageMs + partitionMs + absenceMs + rebootMs + containerCrashMs + serverCrashMs > 0 || runtimeFaults > 0
}
