import type { Client } from '../../client/client.ts'
import { DerError } from '../../objects/der-reader.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CertificateSigningRequest } from '../../resources/generated/types.ts'
import { parseCertificateRequest } from '../../resources/kinds/certificate-signing-request/certificate-request.ts'
import { KUBELET_CLIENT, signerProblem } from '../../resources/kinds/certificate-signing-request/signer-rules.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { isStatus } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { AdmissionRequest, Authorizer, ObjectReader, RequestInfo } from '../access.ts'
import type { WriteObserver } from '../route.ts'

export interface ApproverParts {
  readonly reader: ObjectReader
  readonly authorizer: Authorizer
  /** As the certificate controller. */
  readonly client: Client
  readonly clock: Clock
  readonly log: Log
}

const KIND = kinds.CertificateSigningRequest
const RETRY_MS = 1_000
/** A right that is granted later counts for requests that wait. */
const LOOK_AGAIN_MS = 60_000
const MAX_DUE = 10_000

/**
 * Approves what nodes ask for to call this server, where whoever asks may create certificatesigningrequests/nodeclient (a certificate for
 * any node) or /selfnodeclient (a new one for the node that it is). Where several servers do so, all but one find it done.
 */
export class NodeClientApprover implements WriteObserver {
  readonly #parts: ApproverParts
  /** Beyond the bound, requests wait for the next look at all of them. */
  readonly #due = new Set<string>()
  #isRunning = false
  #isOver = false

  constructor(parts: ApproverParts) {
    this.#parts = parts
  }

  settled(request: AdmissionRequest, outcome: 'stored' | 'not-stored'): void {
    const { kind, operation, subresource, object } = request
    if (outcome !== 'stored' || operation !== 'CREATE' || subresource !== '' || kind.group !== KIND.group || kind.plural !== KIND.plural) {
      return
    }
    this.#look(object?.metadata.name ?? '')
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => (this.#isOver = true), { once: true })
    this.#lookAtAll()
  }

  #lookAtAll(): void {
    if (this.#isOver) return
    for (const { metadata } of this.#parts.reader.list(KIND)) this.#look(metadata.name ?? '')
    this.#parts.clock.after(LOOK_AGAIN_MS, () => this.#lookAtAll())
  }

  #look(name: string): void {
    if (this.#due.size >= MAX_DUE) return
    this.#due.add(name)
    // The object is there for readers only after the write has settled.
    if (!this.#isRunning) this.#parts.clock.after(0, () => void this.#work())
  }

  async #work(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    for (const name of this.#due) {
      if (this.#isOver) break
      this.#due.delete(name)
      try {
        await this.#decide(this.#parts.reader.get(KIND, { namespace: '', name }))
      } catch (error) {
        if (isStatus(error, 'NotFound')) continue
        if (!isStatus(error, 'Conflict')) {
          this.#parts.log.warn('A CertificateSigningRequest waits to be decided', { name, why: thrownMessage(error) })
        }
        this.#parts.clock.after(RETRY_MS, () => this.#look(name))
      }
    }
    this.#isRunning = false
  }

  async #decide(request: CertificateSigningRequest | undefined): Promise<void> {
    if (request === undefined || !isUndecided(request)) return
    for (const { subresource, message } of recognized(request)) {
      if (!(await this.#mayCreate(request, subresource))) continue
      const approval = { type: 'Approved', status: 'True', reason: 'AutoApproved', message }
      const conditions = [...(request.status?.conditions ?? []), approval]
      await this.#parts.client.update(KIND, { ...request, status: { ...request.status, conditions } }, { subresource: 'approval' })
      return
    }
  }

  async #mayCreate({ spec }: CertificateSigningRequest, subresource: string): Promise<boolean> {
    const user = { name: spec.username ?? '', uid: spec.uid ?? '', groups: spec.groups ?? [], extra: spec.extra ?? {} }
    const info: RequestInfo = {
      isResource: true, verb: 'create', group: KIND.group, version: '*', resource: KIND.plural, subresource,
      namespace: '', name: '', path: '',
    }
    const decision = await this.#parts.authorizer.authorize(user, info)
    if (!decision.allowed && decision.error !== undefined) throw new Error(decision.error)
    return decision.allowed
  }
}

function isUndecided({ status }: CertificateSigningRequest): boolean {
  return (status?.certificate ?? '') === '' && !(status?.conditions ?? []).some(({ type }) => type === 'Approved' || type === 'Denied')
}

interface Recognized {
  readonly subresource: string
  readonly message: string
}

/** What it asks for, and the right that it takes. */
function recognized({ spec }: CertificateSigningRequest): readonly Recognized[] {
  if (spec.signerName !== KUBELET_CLIENT) return []
  try {
    const asked = parseCertificateRequest(textOf(fromBase64(spec.request) ?? new Uint8Array()))
    if (signerProblem(KUBELET_CLIENT, asked, spec.usages ?? []) !== undefined) return []
    const every = { subresource: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' }
    const own = { subresource: 'selfnodeclient', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' }
    return asked.commonName === spec.username ? [own, every] : [every]
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}
