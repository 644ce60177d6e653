import type { LogFields } from '../../words/ports.ts'
import type { HttpsServerOptions, ServingCertificate } from '../https-server.ts'
import type { LogLevel } from '../log.ts'
import type { NodeProxyIdentity, NodeProxyOptions } from '../node-proxy.ts'

/** What the thread serves with. */
export interface ThreadOptions extends Omit<HttpsServerOptions, 'handler' | 'nodeProxy' | 'log'> {
  /** Tunnels never come to the thread that answers: their bytes go from the client to the node in this one. */
  readonly nodeProxy: NodeProxyOptions
}

export type ToThread =
  | { readonly type: 'serve'; readonly options: ThreadOptions }
  | { readonly type: 'renew'; readonly certificate: ServingCertificate }
  | { readonly type: 'renew-clients'; readonly identity: NodeProxyIdentity }
  | { readonly type: 'block'; readonly block: number; readonly buffer: SharedArrayBuffer }
  | { readonly type: 'close' }

export type FromThread =
  | { readonly type: 'listening'; readonly address: string; readonly port: number }
  | { readonly type: 'failed'; readonly message: string; readonly isListenError: boolean }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: LogFields | undefined }
  | { readonly type: 'closed' }
