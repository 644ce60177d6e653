import type { Pod } from '../resources/generated/types.ts'
import type { Instant } from '../words/instant.ts'

const FIRST_BACK_OFF_MS = 1_000
const MAX_BACK_OFF_MS = 10_000
/** A pod that fits nowhere is tried again after this even if nothing seems to have changed. */
const MAX_UNSCHEDULABLE_MS = 300_000

type Place =
  /** Waits for its turn. */
  | 'active'
  /** Being decided or bound. */
  | 'taken'
  /** Waits for its back-off. */
  | 'delayed'
  /** Found unschedulable: only a change of the cluster, or much time, brings it back. */
  | 'parked'

interface Waiting {
  pod: Pod
  place: Place
  attempts: number
  notBefore: Instant
  /** When it was taken first. */
  firstTriedAt: Instant | undefined
}

/** How often a pod that was taken has been tried, this time too, and since when. */
export interface Tries {
  readonly attempts: number
  readonly since: Instant
}

/** Pods without a node: active ones by priority, then by age; those that failed wait. One entry a pod. */
export class SchedulingQueue {
  readonly #pods = new Map<string, Waiting>()
  /** Those of them that are delayed or parked: few, where most pods fit. */
  readonly #resting = new Set<Waiting>()
  /** Sorted from #next on, unless #unsorted. May hold entries that have left meanwhile. */
  #active: Waiting[] = []
  #next = 0
  #unsorted = false

  get size(): number {
    return this.#pods.size
  }

  /** How many wait, and for what. */
  pending(): Readonly<Record<'active' | 'delayed' | 'parked', number>> {
    const counts = { active: 0, delayed: 0, parked: 0 }
    for (const { place } of this.#pods.values()) if (place !== 'taken') counts[place] += 1
    return counts
  }

  /** New, or changed: a change of the pod itself may make it fit. */
  set(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const known = this.#pods.get(uid)
    if (known === undefined) {
      const waiting: Waiting = { pod, place: 'active', attempts: 0, notBefore: 0, firstTriedAt: undefined }
      this.#pods.set(uid, waiting)
      this.#activate(waiting)
      return
    }
    const changed = known.pod.metadata.generation !== pod.metadata.generation || known.pod.metadata.labels !== pod.metadata.labels
    known.pod = pod
    if (changed && known.place === 'parked') known.place = 'delayed'
  }

  remove(uid: string): void {
    const known = this.#pods.get(uid)
    if (known === undefined) return
    known.place = 'taken'
    this.#pods.delete(uid)
    this.#resting.delete(known)
  }

  /** The next pods to try, at most that many. Each stays known until remove, park or retry. */
  take(now: Instant, max: number): Pod[] {
    this.#activateDue(now)
    if (this.#unsorted) {
      this.#active = this.#active.slice(this.#next).sort(byPriorityThenAge)
      this.#next = 0
      this.#unsorted = false
    }
    const taken: Pod[] = []
    while (taken.length < max && this.#next < this.#active.length) {
      const waiting = this.#active[this.#next++]
      if (waiting?.place !== 'active') continue
      waiting.place = 'taken'
      waiting.firstTriedAt ??= now
      taken.push(waiting.pod)
    }
    if (this.#next === this.#active.length) {
      this.#active = []
      this.#next = 0
    }
    return taken
  }

  triesOf(uid: string, now: Instant): Tries {
    const known = this.#pods.get(uid)
    return { attempts: (known?.attempts ?? 0) + 1, since: known?.firstTriedAt ?? now }
  }

  /** When the next waiting pod becomes active by time alone; undefined when none does. */
  nextWake(): Instant | undefined {
    let next: Instant | undefined
    for (const waiting of this.#resting) {
      const at = dueAt(waiting)
      if (at !== undefined && (next === undefined || at < next)) next = at
    }
    return next
  }

  hasActive(): boolean {
    return this.#active.length > this.#next
  }

  /** It fitted nowhere. */
  park(uid: string, now: Instant): void {
    this.#delay(uid, now, 'parked')
  }

  /** Something failed that is not about the cluster's room (the bind call): again after a back-off. */
  retry(uid: string, now: Instant): void {
    this.#delay(uid, now, 'delayed')
  }

  /** The cluster changed in a way that may make room: parked pods are tried again once their back-off is over. */
  unpark(): void {
    for (const waiting of this.#resting) if (waiting.place === 'parked') waiting.place = 'delayed'
  }

  #activate(waiting: Waiting): void {
    const last = this.#active.at(-1)
    this.#unsorted ||= last !== undefined && byPriorityThenAge(waiting, last) < 0
    waiting.place = 'active'
    this.#resting.delete(waiting)
    this.#active.push(waiting)
  }

  #activateDue(now: Instant): void {
    for (const waiting of this.#resting) {
      const at = dueAt(waiting)
      if (at !== undefined && at <= now) this.#activate(waiting)
    }
  }

  #delay(uid: string, now: Instant, place: Place): void {
    const waiting = this.#pods.get(uid)
    if (waiting === undefined) return
    waiting.notBefore = now + Math.min(MAX_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** waiting.attempts)
    waiting.attempts += 1
    waiting.place = place
    this.#resting.add(waiting)
  }
}

function dueAt(waiting: Waiting): Instant | undefined {
  if (waiting.place === 'delayed') return waiting.notBefore
  return waiting.place === 'parked' ? waiting.notBefore + MAX_UNSCHEDULABLE_MS : undefined
}

function byPriorityThenAge(a: Waiting, b: Waiting): number {
  const priority = (b.pod.spec?.priority ?? 0) - (a.pod.spec?.priority ?? 0)
  if (priority !== 0) return priority
  const [ageA, ageB] = [a.pod.metadata.creationTimestamp ?? '', b.pod.metadata.creationTimestamp ?? '']
  if (ageA !== ageB) return ageA < ageB ? -1 : 1
  return Number(a.pod.metadata.resourceVersion ?? 0) - Number(b.pod.metadata.resourceVersion ?? 0)
}
