import { controllerOf } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Deployment, Pod, ReplicaSet } from '../../resources/generated/types.ts'
import { parseTime } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'
import type { DiskLog, Logged } from '../disk-log.ts'
import type { Findings } from './findings.ts'

const NAME = 'deployment bounds'
/** A controller that chooses what to end may not know yet that a pod became ready so lately. */
const UNKNOWN_READY_MS = 20_000

interface Bounds {
  readonly generation: number
  readonly most: number
  readonly fewest: number
}

/**
 * The controllers' own doing keeps within maxSurge and maxUnavailable: of the specs that the controller may be acting upon, which are
 * those since the one that it last said to have observed, some one allows each step.
 */
export class DeploymentBounds {
  readonly #log: DiskLog
  readonly #findings: Findings
  readonly #clock: Clock
  /** By the uid of a Deployment or a ReplicaSet: what each of its specs allows. */
  readonly #bounds = new Map<string, Bounds[]>()
  readonly #podKeys = new Set<string>()
  readonly #late = new Set<string | undefined>()

  /** checksAvailability: nothing but the controllers ends pods in this run. */
  constructor(log: DiskLog, findings: Findings, clock: Clock, checksAvailability: boolean) {
    this.#log = log
    this.#findings = findings
    this.#clock = clock
    log.listen(kinds.Deployment, ({ bytes }) => bytes !== undefined && this.#learn(log.decode<Deployment>(bytes), deploymentBounds))
    log.listen(kinds.ReplicaSet, (change) => this.#onReplicaSet(change))
    log.listen(kinds.Pod, (change) => {
      if (change.previous === undefined) this.#onNewPod(change)
      else if (checksAvailability) this.#onPodChange(change, change.previous)
    })
  }

  #learn<T extends Deployment | ReplicaSet>(object: T, boundsOf: (object: T) => Omit<Bounds, 'generation'>): void {
    const uid = object.metadata.uid ?? ''
    const generation = object.metadata.generation ?? 0
    const known = this.#bounds.get(uid) ?? []
    if (known.at(-1)?.generation !== generation) this.#bounds.set(uid, [...known, { generation, ...boundsOf(object) }])
  }

  #possible(object: Deployment | ReplicaSet): readonly Bounds[] {
    const observed = object.status?.observedGeneration ?? 0
    return (this.#bounds.get(object.metadata.uid ?? '') ?? []).filter(({ generation }) => generation >= observed)
  }

  #onReplicaSet({ key, bytes, previous }: Logged): void {
    if (bytes === undefined) return
    const set = this.#log.decode<ReplicaSet>(bytes)
    this.#learn(set, ({ spec }) => ({ most: spec?.replicas ?? 1, fewest: 0 }))
    const before = previous === undefined ? 0 : (this.#log.decode<ReplicaSet>(previous).spec?.replicas ?? 1)
    const deployment = this.#deploymentOf(set)
    if (deployment === undefined || (set.spec?.replicas ?? 1) <= before) return
    const total = this.#setsOf(deployment).reduce((sum, { spec }) => sum + (spec?.replicas ?? 1), 0)
    const most = Math.max(...this.#possible(deployment).map((bounds) => bounds.most))
    if (total > most)
      this.#findings.report(
        NAME,
        `${key} grows from ${before} to ${set.spec?.replicas}: ${total} replicas in all, where at most ${most} are allowed`,
      )
  }

  #onNewPod({ key, bytes }: Logged): void {
    if (bytes === undefined) return
    const pod = this.#log.decode<Pod>(bytes)
    // Generated names are not used twice: this is the late arrival of a request that was sent again and whose pod is gone already. No one
    // chose it.
    if (this.#podKeys.has(key)) return void this.#late.add(pod.metadata.uid)
    this.#podKeys.add(key)
    const set = this.#setOf(pod)
    if (set === undefined) return
    const active = this.#podsOf(set).filter((each) => isActive(each) && !this.#late.has(each.metadata.uid)).length
    const most = Math.max(...this.#possible(set).map((bounds) => bounds.most))
    if (active > most) this.#findings.report(NAME, `${key} is one too many: ${set.metadata.name} has ${active} pods and wants ${most}`)
  }

  #onPodChange({ key, bytes }: Logged, previous: Uint8Array): void {
    const before = this.#log.decode<Pod>(previous)
    const after = bytes === undefined ? undefined : this.#log.decode<Pod>(bytes)
    if (!isServing(before) || (after !== undefined && isServing(after))) return
    const namespace = this.#log.get(kinds.Namespace, { namespace: '', name: before.metadata.namespace ?? '' })
    if (namespace?.metadata.deletionTimestamp !== undefined) return
    const set = this.#setOf(before)
    const deployment = set === undefined ? undefined : this.#deploymentOf(set)
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return
    const readySince = before.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? ''
    if (this.#clock.now() - (parseTime(readySince) ?? 0) < UNKNOWN_READY_MS) return
    const serving = this.#setsOf(deployment).flatMap((each) => this.#podsOf(each)).filter(isServing).length
    const fewest = Math.min(...this.#possible(deployment).map((bounds) => bounds.fewest))
    if (serving < fewest) this.#findings.report(NAME, `the end of ${key} leaves ${serving} ready pods, where at least ${fewest} must stay`)
  }

  #deploymentOf(set: ReplicaSet): Deployment | undefined {
    const owner = controllerOf(set)
    const found =
      owner === undefined ? undefined : this.#log.get(kinds.Deployment, { namespace: set.metadata.namespace ?? '', name: owner.name })
    return found?.metadata.uid === owner?.uid ? found : undefined
  }

  #setOf(pod: Pod): ReplicaSet | undefined {
    const owner = controllerOf(pod)
    const found =
      owner?.kind === 'ReplicaSet'
        ? this.#log.get(kinds.ReplicaSet, { namespace: pod.metadata.namespace ?? '', name: owner.name })
        : undefined
    return found?.metadata.uid === owner?.uid ? found : undefined
  }

  #setsOf(deployment: Deployment): readonly ReplicaSet[] {
    return this.#log
      .list(kinds.ReplicaSet, deployment.metadata.namespace)
      .filter((set) => controllerOf(set)?.uid === deployment.metadata.uid)
  }

  #podsOf(set: ReplicaSet): readonly Pod[] {
    return this.#log.list(kinds.Pod, set.metadata.namespace).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid)
  }
}

/** 4 replicas with 25% and 25%: at most 5, at least 3. Surge is rounded up, unavailability down; both nothing makes one unavailable. */
function deploymentBounds({ spec }: Deployment): Omit<Bounds, 'generation'> {
  const replicas = spec?.replicas ?? 1
  if (spec?.strategy?.type === 'Recreate') return { most: replicas, fewest: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec?.strategy?.rollingUpdate ?? {}
  const surge = Math.ceil(share(maxSurge, replicas))
  const unavailable = Math.floor(share(maxUnavailable, replicas))
  return { most: replicas + surge, fewest: replicas - (surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas)) }
}

function share(value: number | string, of: number): number {
  return typeof value === 'number' ? value : (Number.parseInt(value, 10) * of) / 100
}

function isActive({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded'
}

export function isServing(pod: Pod): boolean {
  return isActive(pod) && pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
}
