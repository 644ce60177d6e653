import type { Client } from '../../client/client.ts'
import { keyOf } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CustomResourceDefinition } from '../../resources/generated/types.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { isStatus } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { customKind } from './custom-definition.ts'
import type { CustomResources } from './custom-resources.ts'
import { definitionStatus, terminatingStatus } from './definition-status.ts'

export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'
const RETRY_MS = 1_000
/** While objects of a definition that goes are held by others' finalizers. */
const WAIT_MS = 500
const MAX_DELETIONS = 500

/** Grants names, and empties definitions that are being deleted. Where several servers do the same at once, all but one find it done. */
export class DefinitionKeeper {
  readonly #parts: { client: Client; clock: Clock; log: Log }
  readonly #due = new Set<string>()
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
        if (waitMs !== undefined) this.#parts.clock.after(waitMs, () => this.look(name))
      } catch (error) {
        if (!isStatus(error, 'Conflict') && !isStatus(error, 'NotFound')) this.#parts.log.warn('A CustomResourceDefinition waits to be looked after', { name, why: thrownMessage(error) })
        this.#parts.clock.after(RETRY_MS, () => this.look(name))
      }
    }
    this.#running = false
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
    const { client, clock } = this.#parts
    if (!(crd.metadata.finalizers ?? []).includes(CLEANUP_FINALIZER)) return undefined
    const instances = custom.instances(crd)
    const status = terminatingStatus(crd, instances.length, clock.now())
    const current = status === crd.status ? crd : await this.#writeStatus({ ...crd, status })
    if (instances.length === 0) {
      const finalizers = (current.metadata.finalizers ?? []).filter((name) => name !== CLEANUP_FINALIZER)
      await client.update(kinds.CustomResourceDefinition, { ...current, metadata: { ...current.metadata, finalizers } })
      return undefined
    }
    const kind = customKind(crd, crd.spec.versions.find((version) => version.served)?.name ?? crd.spec.versions.find((version) => version.storage)?.name ?? '')
    for (const object of instances.slice(0, MAX_DELETIONS)) {
      if (object.metadata.deletionTimestamp !== undefined) continue
      await client.delete(kind, keyOf(object), { propagationPolicy: 'Background' }).catch((error: unknown) => {
        if (!isStatus(error, 'NotFound')) throw error
      })
    }
    return custom.instances(crd).length === 0 ? 0 : WAIT_MS
  }

  #writeStatus(crd: CustomResourceDefinition): Promise<CustomResourceDefinition> {
    return this.#parts.client.update(kinds.CustomResourceDefinition, crd, { subresource: 'status' })
  }
}
