import type { ObjectKey } from '../../objects/kube-object.ts'
import type { Delays, User } from '../access.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { ServerRequest } from '../http.ts'
import type { Accepted } from '../negotiate/accept.ts'
import { managerFromUserAgent } from '../options/write-options.ts'
import type { WriteOptions } from '../options/write-options.ts'
import type { WriteRequest } from '../pipeline/write-request.ts'
import type { ParsedRequest } from '../request-info.ts'
import type { ServedResource } from '../resource-set.ts'

/** A request that was authenticated and authorized. */
export interface HttpCall {
  readonly request: ServerRequest
  readonly query: URLSearchParams
  readonly info: ParsedRequest
  readonly user: User
  /** What the response may be, and what errors are written as. */
  readonly accepted: Accepted
  /** Filled while the call runs; sent as Warning headers. */
  readonly warnings: string[]
  /** Undefined: nothing is written down of any request. */
  readonly trail: AuditTrail | undefined
  /** Filled while the call waits. */
  readonly delays: Delays
  /** Called when a watch has told the state that it begins with: what comes then costs little. */
  begun(): void
}

/** A call on a resource that is served. */
export interface ResourceCall extends HttpCall {
  readonly resource: ServedResource
  readonly key: ObjectKey
}

export function writeRequest(call: ResourceCall, options: WriteOptions): WriteRequest {
  return new HttpWrite(call, options)
}

/** A class, because an object with a getter and a closure of its own costs ten times as much to make. */
class HttpWrite implements WriteRequest {
  readonly resource: WriteRequest['resource']
  readonly key: ObjectKey
  readonly subresource: string
  readonly user: User
  readonly dryRun: boolean
  readonly manager: string
  readonly fieldValidation: WriteOptions['fieldValidation']
  readonly trusted = false
  readonly audit: WriteRequest['audit']
  readonly delays: Delays
  readonly options: WriteOptions
  readonly #call: ResourceCall

  constructor(call: ResourceCall, options: WriteOptions) {
    this.#call = call
    this.resource = call.resource
    this.key = call.key
    this.subresource = call.info.subresource
    this.user = call.user
    this.dryRun = options.dryRun
    this.manager = options.fieldManager === '' ? managerFromUserAgent(call.request.headers['user-agent']) : options.fieldManager
    this.fieldValidation = options.fieldValidation
    this.audit = call.trail?.notes
    this.delays = call.delays
    this.options = options
  }

  /** On demand, as few writes look at it. */
  get signal(): AbortSignal {
    return this.#call.request.signal
  }

  warn(message: string): void {
    this.#call.warnings.push(message)
  }
}
