import type { Client } from '../client/client.ts'
import { revisionOf } from '../client/object-cache.ts'
import { sameJson } from '../objects/json.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Pod, PodStatus } from '../resources/generated/types.ts'
import { StatusError, isStatus } from '../words/status-error.ts'
import type { Clock, Log } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { statusPatch } from './status-patch.ts'

interface Slot {
  pod: Pod
  wanted: PodStatus
  /** What the API server has, as far as is known. */
  base: PodStatus | undefined
  baseRevision: number
  isWriting: boolean
  readonly waiters: (() => void)[]
}

export interface StatusWriterParts {
  readonly client: Client
  readonly clock: Clock
  readonly log: Log
}

const FIRST_RETRY_MS = 200
const MAX_RETRY_MS = 10_000

/** Writes the status of pods in the background: one write at a time for each, always the newest status, again until it is there. */
export class StatusWriter {
  readonly #parts: StatusWriterParts
  readonly #signal: AbortSignal
  readonly #slots = new Map<string, Slot>()

  constructor(parts: StatusWriterParts, signal: AbortSignal) {
    this.#parts = parts
    this.#signal = signal
  }

  want(pod: Pod, wanted: PodStatus): void {
    const uid = pod.metadata.uid ?? ''
    const revision = revisionOf(pod.metadata.resourceVersion)
    const slot = this.#slots.get(uid) ?? { pod, wanted, base: pod.status, baseRevision: revision, isWriting: false, waiters: [] }
    this.#slots.set(uid, slot)
    if (revision > slot.baseRevision) {
      slot.base = pod.status
      slot.baseRevision = revision
    }
    slot.pod = pod
    slot.wanted = wanted
    if (!slot.isWriting) void this.#write(uid, slot)
  }

  /** Resolves when the last wanted status is with the API server, or the pod is gone from it. */
  flush(podUid: string, signal: AbortSignal): Promise<void> {
    const slot = this.#slots.get(podUid)
    if (slot === undefined || !slot.isWriting) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const leave = (): void => reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      slot.waiters.push(() => {
        signal.removeEventListener('abort', leave)
        resolve()
      })
    })
  }

  forget(podUid: string): void {
    this.#slots.delete(podUid)
  }

  async #write(uid: string, slot: Slot): Promise<void> {
    slot.isWriting = true
    let failures = 0
    let written: { readonly patch: object; readonly revision: number } | undefined
    while (!this.#signal.aborted && this.#slots.get(uid) === slot) {
      const patch = statusPatch(slot.base, slot.wanted)
      // A server that takes the patch but not its effect would be asked for ever.
      // When somebody else wrote since, the same patch is needed again.
      if (patch === undefined || (slot.baseRevision === written?.revision && sameJson(patch, written.patch))) break
      try {
        written = { patch, revision: await this.#patch(uid, slot, patch) }
        failures = 0
      } catch (error) {
        if (isGone(error)) break
        failures++
        if (failures === 1) this.#complain(slot.pod, error)
        await sleep(this.#parts.clock, Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10)), this.#signal)
      }
    }
    slot.isWriting = false
    for (const done of slot.waiters.splice(0)) done()
  }

  #complain({ metadata }: Pod, error: unknown): void {
    const { name, namespace } = metadata
    this.#parts.log.warn('a pod status could not be written and is tried again', { pod: name, namespace, error: thrownMessage(error) })
  }

  /** The revision that the write made. */
  async #patch(uid: string, slot: Slot, status: object): Promise<number> {
    const { namespace = '', name = '' } = slot.pod.metadata
    const body = { metadata: { uid }, status }
    const written = await this.#parts.client.patch(kinds.Pod, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' })
    const revision = revisionOf(written.metadata.resourceVersion)
    // The watch may have shown already what somebody else made of this write.
    if (revision < slot.baseRevision) return revision
    slot.base = written.status
    slot.baseRevision = revision
    return revision
  }
}

/** No such pod, or another one of that name. */
function isGone(error: unknown): boolean {
  return isStatus(error, 'NotFound') || (error instanceof StatusError && error.reason === 'Conflict' && /uid/i.test(error.message))
}
