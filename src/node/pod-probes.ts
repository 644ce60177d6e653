import type { Container, Pod } from '../resources/generated/types.ts'
import type { NodeFacts } from './node-facts.ts'
import type { PodMemory } from './pod-memory.ts'
import type { ProbeListener, ProbeParts, ProbeSubject } from './probe-worker.ts'
import { ProbeWorker } from './probe-worker.ts'
import type { PodObservation } from './runtime.ts'
import { sidecarsAndRegular } from './pod-containers.ts'

/** The probes of one pod: a worker for each container that runs and has any. */
export class PodProbes {
  readonly #parts: ProbeParts
  readonly #listener: ProbeListener
  readonly #workers = new Map<string, ProbeWorker>()

  constructor(parts: ProbeParts, listener: ProbeListener) {
    this.#parts = parts
    this.#listener = listener
  }

  /** Starts, updates and stops workers after what runs now. isAdopted: these containers were started before this agent was. */
  sync(pod: Pod, actual: PodObservation | undefined, memory: PodMemory, facts: Pick<NodeFacts, 'addresses'>, isAdopted: boolean): void {
    const address = (pod.spec?.hostNetwork === true ? facts.addresses[0] : actual?.sandboxes[0]?.addresses[0]) ?? ''
    const running = new Set<string>()
    for (const container of probedContainers(pod)) {
      const observed = actual?.containers.find(({ name, state }) => name === container.name && state === 'running')
      const hookPending = memory.operations[`container/${container.name}`]?.action.type === 'start-container'
      if (observed === undefined || hookPending) continue
      running.add(container.name)
      this.#follow({
        pod, container, containerId: observed.id, address,
        startedAt: observed.startedAt ?? observed.createdAt,
        adopted: isAdopted ? memory.probes[observed.id] : undefined,
      })
    }
    for (const [name, worker] of this.#workers) {
      if (running.has(name)) continue
      worker.stop()
      this.#workers.delete(name)
    }
  }

  close(): void {
    for (const worker of this.#workers.values()) worker.stop()
    this.#workers.clear()
  }

  #follow(subject: ProbeSubject): void {
    const known = this.#workers.get(subject.container.name)
    if (known?.containerId === subject.containerId) return known.update(subject)
    known?.stop()
    if (subject.pod.metadata.deletionTimestamp !== undefined && subject.container.readinessProbe === undefined) return
    this.#workers.set(subject.container.name, new ProbeWorker(this.#parts, subject, this.#listener))
  }
}

function probedContainers(pod: Pod): Container[] {
  return sidecarsAndRegular(pod).filter((container) =>
    container.startupProbe !== undefined || container.livenessProbe !== undefined || container.readinessProbe !== undefined)
}
