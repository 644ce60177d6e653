import type { KindRef } from '../../objects/kind.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ApiServerCore } from '../server.ts'
import type { HealthCheck } from './health.ts'

/** The server's own checks, under the names that upstream gives them. */
export function serverChecks(core: Pick<ApiServerCore, 'reader' | 'storeProblem' | 'cachesFilled' | 'isDraining'>): readonly HealthCheck[] {
  return [
    // A server whose caches stand still must get no requests; restarting it would not help, so it stays alive.
    { name: 'etcd', concerns: 'ready', check: () => core.storeProblem() },
    { name: 'informer-sync', concerns: 'ready', check: () => (core.cachesFilled() ? undefined : 'the store is still being read') },
    bootstrapped(core, 'poststarthook/rbac/bootstrap-roles', kinds.ClusterRole, 'cluster-admin'),
    bootstrapped(core, 'poststarthook/scheduling/bootstrap-system-priority-classes', kinds.PriorityClass, 'system-node-critical'),
    bootstrapped(core, 'poststarthook/priority-and-fairness-config-producer', kinds.FlowSchema, 'catch-all'),
    { name: 'shutdown', concerns: 'ready', check: () => (core.isDraining() ? 'the server is shutting down' : undefined) },
  ]
}

/** Once its objects were seen a step of the start is over: who deletes them later has other troubles than an unready server. */
function bootstrapped(
  { reader, cachesFilled }: Pick<ApiServerCore, 'reader' | 'cachesFilled'>, name: string, kind: KindRef, object: string,
): HealthCheck {
  let done = false
  return {
    name,
    concerns: 'ready',
    check: () => {
      done ||= cachesFilled() && reader.get(kind, { namespace: '', name: object }) !== undefined
      return done ? undefined : 'not finished'
    },
  }
}
