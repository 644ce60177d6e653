import type { ObjectKey } from '../../objects/kube-object.ts'
import type { User } from '../access.ts'
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
}

/** A call on a resource that is served. */
export interface ResourceCall extends HttpCall {
  readonly resource: ServedResource
  readonly key: ObjectKey
}

export function writeRequest(call: ResourceCall, options: WriteOptions): WriteRequest {
  return {
    resource: call.resource,
    key: call.key,
    subresource: call.info.subresource,
    user: call.user,
    dryRun: options.dryRun,
    manager: options.fieldManager === '' ? managerFromUserAgent(call.request.headers['user-agent']) : options.fieldManager,
    fieldValidation: options.fieldValidation,
    trusted: false,
    // On demand, as few writes look at it.
    get signal() {
      return call.request.signal
    },
    warn: (message) => {
      call.warnings.push(message)
    },
  }
}
