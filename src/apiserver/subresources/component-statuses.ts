import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { notFound } from '../../words/status-error.ts'
import type { HealthCheck } from '../discovery/health.ts'
import type { ObjectRoute } from '../route.ts'

/** The parts that clients know, and the health check of each. One without a check runs in this process, and is as well as it. */
const COMPONENTS = [['controller-manager', 'controllers'], ['etcd-0', 'etcd'], ['scheduler', 'scheduler']] as const
const { ComponentStatus } = kinds

/** GET /api/v1/componentstatuses: made when somebody asks. */
export function componentStatusRoute(checks: () => readonly HealthCheck[]): ObjectRoute {
  return {
    type: 'object', group: '', resource: ComponentStatus.plural, subresource: '', verbs: ['get', 'list'],
    body: { group: '', version: 'v1', kind: ComponentStatus.kind, schema: ComponentStatus.schema },
    handle({ verb, key, warn }) {
      warn('v1 ComponentStatus is deprecated in v1.19+')
      const present = checks()
      const all = COMPONENTS.map(([name, checkName]) => componentOf(name, present.find((check) => check.name === checkName)?.check()))
      const list = { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items: all }
      if (verb === 'list') return Promise.resolve({ status: 200, object: list })
      const found = all.find(({ metadata }) => metadata.name === key.name)
      if (found === undefined) throw notFound({ group: '', resource: ComponentStatus.plural }, key.name)
      return Promise.resolve({ status: 200, object: found })
    },
  }
}

function componentOf(name: string, problem: string | undefined): KubeObject & JsonObject {
  const condition = problem === undefined ? { status: 'True', message: 'ok' } : { status: 'False', error: problem }
  return { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name }, conditions: [{ type: 'Healthy', ...condition }] }
}
