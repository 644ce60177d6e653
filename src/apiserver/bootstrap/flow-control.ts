import { sameJson } from '../../objects/json.ts'
import { apiVersionOf } from '../../objects/kind.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type {
  FlowSchema, FlowSchemaSpec, ObjectMeta, PolicyRulesWithSubjects, PriorityLevelConfiguration, PriorityLevelConfigurationSpec,
  ResourcePolicyRule, Subject,
} from '../../resources/generated/types.ts'
import { everythingBy, groupSubjects, mandatoryFlowSchemas, mandatoryPriorityLevels } from '../../resources/kinds/flow-control/mandatory.ts'
import type { Change } from './reconcile-policy.ts'

/** The flow schemas and priority levels that every cluster starts with, as upstream names and sizes them. */
export function bootstrapPriorityLevels(): readonly PriorityLevelConfiguration[] {
  return Object.entries({ ...mandatoryPriorityLevels, ...SUGGESTED_LEVELS }).map(([name, spec]) => (
    { apiVersion: apiVersionOf(kinds.PriorityLevelConfiguration), kind: 'PriorityLevelConfiguration', metadata: metadata(name), spec }))
}

export function bootstrapFlowSchemas(): readonly FlowSchema[] {
  return Object.entries({ ...mandatoryFlowSchemas, ...suggestedSchemas() }).map(([name, spec]) => (
    { apiVersion: apiVersionOf(kinds.FlowSchema), kind: 'FlowSchema', metadata: metadata(name), spec }))
}

const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec'

function metadata(name: string): ObjectMeta {
  return { name, annotations: { [AUTO_UPDATE]: 'true' } }
}

interface Specified {
  readonly metadata: ObjectMeta
  readonly spec?: unknown
}

/** An operator who wants other limits says so by autoupdate-spec "false"; without a word the spec is ours until somebody has changed it. */
export function reconcileFlowControl<T extends Specified>(existing: T, wanted: T): Change<T> {
  const { annotations, generation } = existing.metadata
  const wish = annotations?.[AUTO_UPDATE]
  const isOurs = wish === undefined ? generation === 1 : wish === 'true'
  if (!isOurs || sameJson(existing.spec, wanted.spec)) return { action: 'keep' }
  return { action: 'update', object: { ...existing, spec: wanted.spec } }
}

function level(shares: number, lendablePercent: number, queues: number, handSize: number): PriorityLevelConfigurationSpec {
  return {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares, lendablePercent,
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
    },
  }
}

const SUGGESTED_LEVELS: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  // What keeps the cluster itself alive.
  system: level(30, 33, 64, 6),
  // Apart, so that nodes can say that they are well even while pods start.
  'node-high': level(40, 25, 64, 6),
  'leader-election': level(10, 0, 16, 4),
  'workload-high': level(40, 50, 128, 6),
  'workload-low': level(100, 90, 128, 6),
  'global-default': level(20, 50, 128, 6),
}

const KUBE_SYSTEM = 'kube-system'

function suggestedSchemas(): Readonly<Record<string, FlowSchemaSpec>> {
  const everyone = groupSubjects('system:unauthenticated', 'system:authenticated')
  const nodes = groupSubjects('system:nodes')
  const controllers = users('system:kube-controller-manager')
  const scheduler = users('system:kube-scheduler')
  const leases = on('coordination.k8s.io', ['leases'], ['get', 'create', 'update'])
  return {
    probes: schema('exempt', 2, undefined, {
      subjects: everyone, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
    }),
    'system-leader-election': schema('leader-election', 100, 'ByUser', {
      subjects: [...controllers, ...scheduler, ...systemAccounts('*')], resourceRules: [leases],
    }),
    'endpoint-controller': schema('workload-high', 150, 'ByUser', {
      subjects: [...controllers, ...systemAccounts('endpoint-controller', 'endpointslicemirroring-controller')],
      resourceRules: [on('', ['endpoints'], ['get', 'create', 'update'])],
    }),
    'workload-leader-election': schema('leader-election', 200, 'ByUser', {
      subjects: systemAccounts('*'), resourceRules: [on('', ['endpoints', 'configmaps'], ['get', 'create', 'update']), leases],
    }),
    'system-node-high': schema('node-high', 400, 'ByUser', {
      subjects: nodes,
      resourceRules: [{ ...on('', ['nodes', 'nodes/status'], ['*']), clusterScope: true }, on('coordination.k8s.io', ['leases'], ['*'])],
    }),
    'system-nodes': schema('system', 500, 'ByUser', everythingBy(nodes)),
    'kube-controller-manager': schema('workload-high', 800, 'ByNamespace', everythingBy(controllers)),
    'kube-scheduler': schema('workload-high', 800, 'ByNamespace', everythingBy(scheduler)),
    'kube-system-service-accounts': schema('workload-high', 900, 'ByNamespace', everythingBy(systemAccounts('*'))),
    'service-accounts': schema('workload-low', 9000, 'ByUser', everythingBy(groupSubjects('system:serviceaccounts'))),
    'global-default': schema('global-default', 9900, 'ByUser', everythingBy(everyone)),
  }
}

function schema(
  levelName: string, matchingPrecedence: number, distinguisher: 'ByUser' | 'ByNamespace' | undefined, rules: PolicyRulesWithSubjects,
): FlowSchemaSpec {
  return {
    priorityLevelConfiguration: { name: levelName }, matchingPrecedence,
    ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
    rules: [rules],
  }
}

function on(group: string, resources: string[], verbs: string[]): ResourcePolicyRule {
  return { verbs, apiGroups: [group], resources, namespaces: ['*'] }
}

function users(...names: readonly string[]): Subject[] {
  return names.map((name) => ({ kind: 'User', user: { name } }))
}

function systemAccounts(...names: readonly string[]): Subject[] {
  return names.map((name) => ({ kind: 'ServiceAccount', serviceAccount: { name, namespace: KUBE_SYSTEM } }))
}
