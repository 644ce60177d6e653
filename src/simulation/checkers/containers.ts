import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod } from '../../resources/generated/types.ts'
import type { NodeRuntime, RuntimeAction } from '../../node/runtime.ts'
import type { DiskLog } from '../disk-log.ts'
import type { FakeRuntime } from '../fake-runtime.ts'
import type { Findings } from './findings.ts'

const ONCE = 'one container at a time'
const ADOPTION = 'adoption'

/** Pods of the disk by uid. */
export class PodIndex {
  readonly #pods = new Map<string, Pod>()

  constructor(log: DiskLog) {
    log.listen(kinds.Pod, ({ bytes, previous }) => {
      if (previous !== undefined) this.#pods.delete(log.decode<Pod>(previous).metadata.uid ?? '')
      if (bytes === undefined) return
      const pod = log.decode<Pod>(bytes)
      this.#pods.set(pod.metadata.uid ?? '', pod)
    })
  }

  get(uid: string): Pod | undefined {
    return this.#pods.get(uid)
  }
}

/**
 * Looks after each start: no container of a pod runs twice, none runs elsewhere than where its pod is bound, none runs again that must run
 * once.
 */
export class RunningContainers {
  readonly #pods: PodIndex
  readonly #findings: Findings
  /** Which attempt of a container ran first. */
  readonly #first = new Map<string, number>()

  constructor(pods: PodIndex, findings: Findings) {
    this.#pods = pods
    this.#findings = findings
  }

  onStart(nodeName: string, runtime: FakeRuntime): void {
    const seen = new Set<string>()
    for (const { podUid, podName, container, attempt } of runtime.running()) {
      const name = `${podUid} ${container}`
      if (seen.has(name)) this.#findings.report(ONCE, `two containers ${container} of pod ${podName} run on ${nodeName}`)
      seen.add(name)
      const first = this.#first.get(name) ?? attempt
      this.#first.set(name, first)
      const pod = this.#pods.get(podUid)
      if (pod === undefined) continue
      if (pod.spec?.nodeName !== nodeName) {
        this.#findings.report('one binding', `pod ${podName} runs on ${nodeName}, and is bound to ${pod.spec?.nodeName}`)
      }
      const runsOnce = pod.spec?.restartPolicy === 'Never' && pod.spec.containers.some((one) => one.name === container)
      if (runsOnce && attempt !== first)
        this.#findings.report(ONCE, `container ${container} of pod ${podName} runs again, which it must not`)
    }
  }
}

/**
 * The runtime, with what agents ask of it looked at: nothing that runs for a pod that is wanted may be stopped. Restarts of agents and of
 * the runtime, lost watches and late caches are no reason.
 */
export function watchfulRuntime(inner: NodeRuntime, fake: FakeRuntime, pods: PodIndex, findings: Findings): NodeRuntime {
  return {
    observeAll: (signal) => inner.observeAll(signal),
    observe: (podUid, signal) => inner.observe(podUid, signal),
    exec: (containerId, command, timeoutMs, signal) => inner.exec(containerId, command, timeoutMs, signal),
    events: (listener, signal) => inner.events(listener, signal),
    info: (signal) => inner.info(signal),
    findImage: (image, signal) => inner.findImage(image, signal),
    listImages: (signal) => inner.listImages(signal),
    perform(action, signal) {
      const harmed = victimOf(action, fake, pods)
      if (harmed !== undefined)
        findings.report(ADOPTION, `${action.type} ends a running container of pod ${harmed.metadata.name}, which is wanted`)
      return inner.perform(action, signal)
    },
  }
}

function victimOf(action: RuntimeAction, fake: FakeRuntime, pods: PodIndex): Pod | undefined {
  const id = endedBy(action)
  const owner = id === undefined ? undefined : fake.ownerOf(id)
  const pod = owner === undefined ? undefined : pods.get(owner.uid)
  if (id === undefined || pod === undefined || !isWanted(pod)) return undefined
  return fake.runningIn(id).length > 0 ? pod : undefined
}

function endedBy(action: RuntimeAction): string | undefined {
  if (action.type === 'stop-container' || action.type === 'remove-container') return action.containerId
  return action.type === 'stop-sandbox' || action.type === 'remove-sandbox' ? action.sandboxId : undefined
}

/** Sidecars end with the last container beside them, before the pod's status says so. */
function isWanted({ metadata, spec, status }: Pod): boolean {
  const hasSidecars = spec?.initContainers?.some(({ restartPolicy }) => restartPolicy === 'Always') === true
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded' && !hasSidecars
}
