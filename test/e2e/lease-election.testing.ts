/** Leader election as client-go does it, over the Lease calls of the JavaScript client: who holds a Lease that is not over leads. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiException, V1MicroTime, type CoordinationV1Api, type V1Lease } from '@kubernetes/client-node'

export interface Candidate {
  readonly identity: string
  readonly isLeader: () => boolean
  /** Ends without giving the Lease back, as a process that dies. */
  stop(): Promise<void>
}

const LEASE_SECONDS = 1
const RETRY_MS = 100

export function runCandidate(api: CoordinationV1Api, place: { readonly namespace: string; readonly name: string }, identity: string): Candidate {
  let stopped = false
  let leadsUntil = 0
  const running = (async () => {
    while (!stopped) {
      const asked = performance.now()
      const won = await tryToLead(api, place, identity)
      // Counted from before the question: the Lease may have been written just then.
      leadsUntil = won ? asked + LEASE_SECONDS * 1_000 : 0
      await sleep(RETRY_MS)
    }
  })()
  return {
    identity,
    isLeader: () => !stopped && performance.now() < leadsUntil,
    async stop() {
      stopped = true
      await running
    },
  }
}

/** Whether this candidate holds the Lease now. Of those who try at once the revision lets one through. */
async function tryToLead(api: CoordinationV1Api, { namespace, name }: { readonly namespace: string; readonly name: string }, identity: string): Promise<boolean> {
  try {
    const lease = await api.readNamespacedLease({ namespace, name }).catch((error: unknown) => (isCode(error, 404) ? undefined : Promise.reject(error)))
    if (lease === undefined) await api.createNamespacedLease({ namespace, body: { metadata: { name }, spec: heldBy(identity, undefined) } })
    else if (lease.spec?.holderIdentity !== identity && !isOver(lease)) return false
    else await api.replaceNamespacedLease({ namespace, name, body: { ...lease, spec: heldBy(identity, lease) } })
    return true
  } catch (error) {
    if (isCode(error, 409)) return false
    throw error
  }
}

function heldBy(identity: string, before: V1Lease | undefined): NonNullable<V1Lease['spec']> {
  const now = new V1MicroTime()
  const spec = before?.spec
  const renewed = { holderIdentity: identity, leaseDurationSeconds: LEASE_SECONDS, renewTime: now }
  if (spec?.holderIdentity === identity) return { ...spec, ...renewed }
  return { ...renewed, acquireTime: now, leaseTransitions: spec === undefined ? 0 : (spec.leaseTransitions ?? 0) + 1 }
}

function isOver({ spec }: V1Lease): boolean {
  // The client declares a date and hands out what it was sent.
  return new Date(spec?.renewTime ?? 0).getTime() + (spec?.leaseDurationSeconds ?? 0) * 1_000 < Date.now()
}

export function isCode(error: unknown, code: number): boolean {
  return error instanceof ApiException && error.code === code
}
