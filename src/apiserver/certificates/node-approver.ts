import type { Client } from '../../client/client.ts'
import { DerError } from '../../objects/der-reader.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CertificateSigningRequest } from '../../resources/generated/types.ts'
import { parseCertificateRequest, type CertificateRequest } from '../../resources/kinds/certificate-signing-request/certificate-request.ts'
import { KUBELET_CLIENT, KUBELET_SERVING, signerProblem } from '../../resources/kinds/certificate-signing-request/signer-rules.ts'
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
 * Approves what nodes ask for, where whoever asks may create certificatesigningrequests/nodeclient (to call this server as any node),
 * /selfnodeclient (as the node that it is) or /selfnodeserver (to be called by its name). Where several servers do so, all but one find it
 * done.
 */
export class NodeApprover implements WriteObserver {
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
  if (spec.signerName !== KUBELET_CLIENT && spec.signerName !== KUBELET_SERVING) return []
  try {
    const asked = parseCertificateRequest(textOf(fromBase64(spec.request) ?? new Uint8Array()))
    if (signerProblem(spec.signerName, asked, spec.usages ?? []) !== undefined) return []
    const isOwn = asked.commonName === spec.username
    if (spec.signerName === KUBELET_SERVING) return isOwn && isForNameAlone(asked) ? [OWN_SERVER] : []
    return isOwn ? [OWN_CLIENT, ANY_CLIENT] : [ANY_CLIENT]
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}

const ANY_CLIENT: Recognized = {
  subresource: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
}
const OWN_CLIENT: Recognized = {
  subresource: 'selfnodeclient', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
}
const OWN_SERVER: Recognized = {
  subresource: 'selfnodeserver', message: 'Auto approving self kubelet serving certificate after SubjectAccessReview.',
}

/**
 * A node may stand for its name, by which this server knows it whatever its address is. An address it could claim though it is another's:
 * a person decides about those.
 */
function isForNameAlone({ commonName, dnsNames, ipAddresses }: CertificateRequest): boolean {
  return ipAddresses.length === 0 && dnsNames.length === 1 && commonName === `system:node:${dnsNames[0] ?? ''}`
}
