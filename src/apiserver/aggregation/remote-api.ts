import type { JsonObject } from '../../objects/json.ts'
import type { User } from '../access.ts'
import type { ServerRequest, ServerResponse } from '../http.ts'

/** An API server of somebody else's in this cluster (metrics, custom aggregated APIs). */
export interface RemoteTarget {
  readonly host: string
  readonly port: number
  /** Its certificate must be for this name. */
  readonly serverName: string
  readonly caPem: string | undefined
  /** Its certificate is not looked at: the APIService says so. */
  readonly isUnverified: boolean
}

/** What this server asks on its own behalf. */
export interface RemoteQuestion {
  readonly path: string
  /** In whose name, with all rights. */
  readonly user: string
  readonly timeoutMs: number
  readonly maxBytes: number
  /** The tag of the document that is known already. */
  readonly knownTag?: string | undefined
}

export type RemoteDocument =
  | { readonly outcome: 'document'; readonly document: JsonObject; readonly tag: string }
  /** The one that is known. */
  | { readonly outcome: 'same' }
  | { readonly outcome: 'absent' }

/** Speaks to such servers as the front proxy, which they know by its certificate, and says in headers who asks. */
export interface RemoteApi {
  /** Its answer as it comes. Throws 503 where it cannot be reached. */
  forward(target: RemoteTarget, request: ServerRequest, user: User): Promise<ServerResponse>
  /** GET of a JSON document. Throws an Error that says what went wrong. */
  read(target: RemoteTarget, question: RemoteQuestion): Promise<RemoteDocument>
}
