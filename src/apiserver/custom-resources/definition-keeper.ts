import type { Client } from '../../client/client.ts'
import { findCondition, isConditionTrue } from '../../objects/conditions.ts'
import type { KindRef } from '../../objects/kind.ts'
import { keyOf } from '../../objects/kube-object.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CustomResourceDefinition } from '../../resources/generated/types.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { isStatus } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { customKind } from './custom-definition.ts'
import type { CustomResources } from './custom-resources.ts'
import { definitionStatus, terminatingStatus } from './definition-status.ts'
import type { Emptying } from './definition-status.ts'

const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'
const RETRY_MS = 1_000
/** While objects of a definition that goes are held by others' finalizers. */
const WAIT_MS = 500
const MAX_DELETIONS = 500

/** Grants names, and empties definitions that are being deleted. Where several servers do the same at once, all but one find it done. */
export class DefinitionKeeper {
  readonly #parts: { client: Client; clock: Clock; log: Log }
  readonly #due = new Set<string>()
  /** To be looked at after a while. */
  readonly #timed = new Set<string>()
  #custom: CustomResources | undefined
  #running = false
  #stopped = false

  constructor(parts: { client: Client; clock: Clock; log: Log }) {
    this.#parts = parts
  }

  start(custom: CustomResources, signal: AbortSignal): void {
    this.#custom = custom
    signal.addEventListener('abort', () => (this.#stopped = true), { once: true })
    void this.#run(custom)
  }

  look(name: string): void {
    this.#due.add(name)
    if (this.#custom !== undefined) void this.#run(this.#custom)
  }

  async #run(custom: CustomResources): Promise<void> {
    if (this.#running) return
    this.#running = true
    for (const name of this.#due) {
      if (this.#stopped) return
      this.#due.delete(name)
      try {
        const waitMs = await this.#keep(custom, custom.definition(name))
        if (waitMs !== undefined) this.#lookAfter(waitMs, name)
      } catch (error) {
        if (!isStatus(error, 'Conflict') && !isStatus(error, 'NotFound')) {
          this.#parts.log.warn('A CustomResourceDefinition waits to be looked after', { name, why: thrownMessage(error) })
        }
        this.#lookAfter(RETRY_MS, name)
      }
    }
    this.#running = false
  }

  #lookAfter(waitMs: number, name: string): void {
    if (this.#timed.has(name)) return
    this.#timed.add(name)
    this.#parts.clock.after(waitMs, () => {
      this.#timed.delete(name)
      this.look(name)
    })
  }

  /** After how long it wants to be looked at again. */
  async #keep(custom: CustomResources, crd: CustomResourceDefinition | undefined): Promise<number | undefined> {
    if (crd === undefined) return undefined
    if (crd.metadata.deletionTimestamp !== undefined) return this.#empty(custom, crd)
    const status = definitionStatus(crd, custom.neighbours(crd), this.#parts.clock.now())
    if (status === crd.status) return undefined
    await this.#writeStatus({ ...crd, status })
    // A name that was given up may be what a neighbour waits for.
    for (const other of custom.neighbours(crd)) this.#due.add(other.metadata.name ?? '')
    return undefined
  }

  async #empty(custom: CustomResources, crd: CustomResourceDefinition): Promise<number | undefined> {
    if (!(crd.metadata.finalizers ?? []).includes(CLEANUP_FINALIZER)) return undefined
    if (!isConditionTrue(crd.status?.conditions, 'Established')) return this.#letGo(crd, { outcome: 'never-established' })
    const instances = custom.instances(crd)
    if (instances.length === 0) return this.#letGo(crd, { outcome: 'done' })
    // After a failure only a success is news: each status that is written makes the definition be looked at again.
    const hasFailed = findCondition(crd.status?.conditions ?? [], 'Terminating')?.reason === 'InstanceDeletionFailed'
    const current = hasFailed ? crd : await this.#tell(crd, { outcome: 'in-progress' })
    try {
      await this.#delete(current, instances)
    } catch (error) {
      await this.#tell(current, { outcome: 'failed', why: thrownMessage(error) })
      return RETRY_MS
    }
    if (hasFailed) await this.#tell(current, { outcome: 'in-progress' })
    return custom.instances(crd).length === 0 ? 0 : WAIT_MS
  }

  async #delete(crd: CustomResourceDefinition, instances: readonly KubeObject[]): Promise<void> {
    const kind = reachableKind(crd)
    for (const object of instances.slice(0, MAX_DELETIONS)) {
      if (object.metadata.deletionTimestamp !== undefined) continue
      await this.#parts.client.delete(kind, keyOf(object), { propagationPolicy: 'Background' }).catch((error: unknown) => {
        if (!isStatus(error, 'NotFound')) throw error
      })
    }
  }

  async #letGo(crd: CustomResourceDefinition, emptying: Emptying): Promise<undefined> {
    const current = await this.#tell(crd, emptying)
    const finalizers = (current.metadata.finalizers ?? []).filter((name) => name !== CLEANUP_FINALIZER)
    await this.#parts.client.update(kinds.CustomResourceDefinition, { ...current, metadata: { ...current.metadata, finalizers } })
    return undefined
  }

  async #tell(crd: CustomResourceDefinition, emptying: Emptying): Promise<CustomResourceDefinition> {
    const status = terminatingStatus(crd, emptying, this.#parts.clock.now())
    return status === crd.status ? crd : this.#writeStatus({ ...crd, status })
  }

  #writeStatus(crd: CustomResourceDefinition): Promise<CustomResourceDefinition> {
    return this.#parts.client.update(kinds.CustomResourceDefinition, crd, { subresource: 'status' })
  }
}

/** The version that its objects are deleted in: as they are stored, where that is served, as then nobody has to convert them. */
function reachableKind({ spec, ...crd }: CustomResourceDefinition): KindRef {
  const served = spec.versions.filter((version) => version.served)
  const reached = served.find((version) => version.storage) ?? served[0] ?? spec.versions.find((version) => version.storage)
  return customKind({ ...crd, spec }, reached?.name ?? '')
}
