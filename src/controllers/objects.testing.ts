import type { OwnerReference } from '../objects/kube-object.ts'
import { freezeJson } from '../objects/json.ts'
import type { Action } from '../reconcile/controller.ts'
import type { Deployment, Namespace, Node, Pod, PodCondition, ReplicaSet, Service } from '../resources/generated/types.ts'
import { formatTime } from '../words/instant.ts'

/** 2027-01-15T08:00:00Z: what tests call now. */
export const NOW = 1_800_000_000_000

/** The time that many seconds before now. */
export function ago(seconds: number): string {
  return formatTime(NOW - seconds * 1000)
}

export function podTemplate(image = 'web:1'): NonNullable<Deployment['spec']>['template'] {
  return { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } }
}

function ownedBy(owner: { kind: string; apiVersion: string; metadata: { name?: string; uid?: string } }): OwnerReference[] {
  const { name = '', uid = '' } = owner.metadata
  return [{ apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true }]
}

interface DeploymentTraits {
  readonly spec?: Partial<NonNullable<Deployment['spec']>>
  readonly status?: Deployment['status']
  readonly annotations?: Record<string, string>
}

export function deployment(replicas: number, { spec = {}, status, annotations }: DeploymentTraits = {}): Deployment {
  return freezeJson({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'deployment-uid',
      generation: 1,
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      replicas, selector: { matchLabels: { app: 'web' } }, template: podTemplate(), revisionHistoryLimit: 10, progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } }, ...spec,
    },
    ...(status === undefined ? {} : { status }),
  })
}

interface SetTraits {
  readonly name?: string
  readonly image?: string
  readonly ready?: number
  readonly available?: number
  readonly actual?: number
  readonly revision?: number
  readonly desired?: number
  readonly max?: number
  /** Seconds. */
  readonly age?: number
  readonly owner?: Deployment | undefined
  readonly minReadySeconds?: number
}

/** A ReplicaSet of that size; all its pods there and available unless it is said otherwise. */
export function replicaSet(size: number, traits: SetTraits = {}): ReplicaSet {
  const {
    name = 'web-1', image = 'web:1', actual = size, ready = actual, available = ready, revision, desired, max, age = 100, owner,
  } = traits
  const annotations = {
    ...(revision === undefined ? {} : { 'deployment.kubernetes.io/revision': String(revision) }),
    ...(desired === undefined ? {} : { 'deployment.kubernetes.io/desired-replicas': String(desired) }),
    ...(max === undefined ? {} : { 'deployment.kubernetes.io/max-replicas': String(max) }),
  }
  return freezeJson({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name, namespace: 'shop', uid: `${name}-uid`, generation: 1, creationTimestamp: ago(age), labels: { app: 'web' }, annotations,
      ...(owner === undefined ? {} : { ownerReferences: ownedBy(owner) }),
    },
    spec: {
      replicas: size,
      minReadySeconds: traits.minReadySeconds ?? 0,
      selector: { matchLabels: { app: 'web' } },
      template: podTemplate(image),
    },
    status: {
      replicas: actual,
      observedGeneration: 1,
      ...withoutZeros({ readyReplicas: ready, availableReplicas: available, fullyLabeledReplicas: actual }),
    },
  })
}

function withoutZeros(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0))
}

interface PodTraits {
  readonly phase?: string
  readonly ready?: boolean
  readonly readyFor?: number
  readonly age?: number
  readonly node?: string
  readonly ip?: string
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly owner?: ReplicaSet | undefined
  readonly deleting?: boolean
  readonly restarts?: number
  readonly spec?: Partial<NonNullable<Pod['spec']>>
}

/** A ready, running pod on node-1 unless it is said otherwise. */
export function pod(name: string, traits: PodTraits = {}): Pod {
  const {
    phase = 'Running', ready = phase === 'Running', readyFor = 60, age = 100, node = 'node-1', ip = '10.0.0.1', owner, restarts = 0,
  } = traits
  const condition: PodCondition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(readyFor) }
  return freezeJson({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `${name}-uid`,
      resourceVersion: '7',
      creationTimestamp: ago(age),
      labels: traits.labels ?? { app: 'web' },
      ...(traits.annotations === undefined ? {} : { annotations: traits.annotations }),
      ...(owner === undefined ? {} : { ownerReferences: ownedBy(owner) }),
      ...(traits.deleting === true ? { deletionTimestamp: ago(1) } : {}),
    },
    spec: { containers: [{ name: 'web', image: 'web:1' }], ...(node === '' ? {} : { nodeName: node }), ...traits.spec },
    status: {
      phase, conditions: [condition], ...(ip === '' ? {} : { podIP: ip, podIPs: [{ ip }] }),
      containerStatuses: [{ name: 'web', image: 'web:1', imageID: '', ready, restartCount: restarts }],
    },
  })
}

export function service(spec: Partial<NonNullable<Service['spec']>> = {}, labels: Record<string, string> = {}): Service {
  return freezeJson({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', uid: 'service-uid', labels },
    spec: { selector: { app: 'web' }, clusterIP: '10.96.0.9', ports: [{ port: 80, targetPort: 8080 }], ...spec },
  })
}

export function namespace(traits: { deleting?: boolean; finalizers?: string[] } = {}): Namespace {
  const metadata = { name: 'shop', uid: 'namespace-uid', ...(traits.deleting === true ? { deletionTimestamp: ago(5) } : {}) }
  return freezeJson({ apiVersion: 'v1', kind: 'Namespace', metadata, spec: { finalizers: traits.finalizers ?? ['kubernetes'] } })
}

export function node(
  name: string,
  traits: { ready?: string; heartbeat?: number; taints?: NonNullable<Node['spec']>['taints']; zone?: string } = {}
): Node {
  const { ready = 'True', heartbeat = 5, taints, zone = 'a' } = traits
  const conditions = [{ type: 'Ready', status: ready, lastHeartbeatTime: ago(heartbeat), lastTransitionTime: ago(300) }]
  return freezeJson({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: `${name}-uid`,
      resourceVersion: '3',
      creationTimestamp: ago(1_000),
      labels: { 'topology.kubernetes.io/zone': zone },
    },
    spec: taints === undefined ? {} : { taints },
    status: { conditions },
  })
}

/** Names that count up: aaaa1, aaaa2, ... */
export function countingNames(): () => string {
  let count = 0
  return () => `n${(count += 1)}`
}

/** One line an action, for tables: create pods web-n1. */
export function lines(actions: readonly Action[]): readonly string[] {
  return actions.map((action) => {
    if (action.verb === 'event') return `event ${action.reason}: ${action.message}`
    if (action.verb === 'expect-none') return `expect no ${action.kind.plural}`
    const name = action.verb === 'create' || action.verb === 'update' ? action.object.metadata.name : action.key.name
    const subresource = 'subresource' in action && action.subresource !== undefined ? `/${action.subresource}` : ''
    const size = action.verb === 'update' && action.kind.plural === 'replicasets' ? ` to ${sizeIn(action.object)}` : ''
    return `${action.verb} ${action.kind.plural}${subresource} ${name}${size}`
  })
}

function sizeIn(object: object): string {
  return 'spec' in object && typeof object.spec === 'object' && object.spec !== null && 'replicas' in object.spec
    ? String(object.spec.replicas)
    : '?'
}
