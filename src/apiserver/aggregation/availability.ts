import { findCondition } from '../../objects/conditions.ts'
import type { APIService, APIServiceCondition } from '../../resources/generated/types.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import { formatTime, type Instant } from '../../words/instant.ts'
import type { ObjectReader } from '../access.ts'
import { serviceEndpoint } from '../service-endpoint.ts'
import type { RemoteTarget } from './remote-api.ts'

export type Reachable =
  | { readonly outcome: 'target'; readonly target: RemoteTarget }
  /** Why nobody can be asked, in upstream's words. */
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly message: string }

/** Where the server of a remote APIService listens. */
export function reachable({ spec }: APIService, reader: ObjectReader): Reachable {
  const { namespace = '', name = '', port = 443 } = spec?.service ?? {}
  const endpoint = serviceEndpoint({ namespace, name, port }, reader)
  if (endpoint.outcome === 'missing') return { outcome: 'unavailable', reason: endpoint.reason, message: endpoint.message }
  const caPem = spec?.caBundle === undefined ? undefined : textOf(fromBase64(spec.caBundle) ?? new Uint8Array())
  const isUnverified = spec?.insecureSkipTLSVerify === true
  return {
    outcome: 'target',
    target: { host: endpoint.host, port: endpoint.port, serverName: `${name}.${namespace}.svc`, caPem, isUnverified },
  }
}

type Told = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>

export const PASSED: Told = { status: 'True', reason: 'Passed', message: 'all checks passed' }

/** With the condition Available as told; the same object where it says so already. */
export function withAvailability(service: APIService, told: Told, now: Instant): APIService {
  const conditions = service.status?.conditions ?? []
  const present = findCondition(conditions, 'Available')
  if (present !== undefined && present.status === told.status && present.reason === told.reason && present.message === told.message) {
    return service
  }
  const lastTransitionTime = present?.status === told.status && present.lastTransitionTime !== undefined
    ? present.lastTransitionTime
    : formatTime(now)
  const next = { type: 'Available', lastTransitionTime, ...told }
  return { ...service, status: { conditions: [...conditions.filter((condition) => condition !== present), next] } }
}
