import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type {
  Binding, ClusterRole, ClusterRoleBinding, ConfigMap, Container, Deployment, Endpoints, EndpointSlice, Event, EventsV1Event, Lease,
  LimitRange, Namespace, Node, Pod, PodSpec, ReplicaSet, ResourceQuota, Role, RoleBinding, Secret, Service, ServiceAccount, ServiceSpec,
} from './generated/types.ts'
import { extensionSamples } from './sample-extension-objects.testing.ts'
import { workloadSamples } from './sample-workloads.testing.ts'

/** The least that is a valid object of each kind, fresh at every call; tests change what they are about. */
const metadata = (name = 'a'): { name: string; namespace: string } => ({ name, namespace: 'default' })

export function sampleContainer(change: Partial<Container> = {}): Container {
  return { name: 'web', image: 'web:1', ...change }
}

export function samplePod(spec: Partial<PodSpec> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: metadata(), spec: { containers: [sampleContainer()], ...spec } }
}

export function sampleDeployment(): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(),
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [sampleContainer()] } },
    },
  }
}

export function sampleReplicaSet(): ReplicaSet {
  const { spec } = sampleDeployment()
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: metadata(), ...(spec === undefined ? {} : { spec }) }
}

export function sampleService(spec: Partial<ServiceSpec> = {}): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: metadata(), spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec } }
}

export const sampleNamespace = (): Namespace => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } })
export const sampleNode = (): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'worker' },
  spec: {},
  status: { capacity: { cpu: '2' } },
})
export const sampleConfigMap = (): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(), data: { key: 'value' } })
export const sampleSecret = (): Secret => ({ apiVersion: 'v1', kind: 'Secret', metadata: metadata(), data: { key: 'dmFsdWU=' } })
export const sampleServiceAccount = (): ServiceAccount => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata() })
export const sampleLease = (): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: metadata(),
  spec: { leaseDurationSeconds: 40 },
})
export const sampleBinding = (): Binding => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: metadata(),
  target: { kind: 'Node', name: 'worker' },
})
export const sampleQuota = (): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: metadata(),
  spec: { hard: { pods: '3' } },
})

export function sampleLimitRange(): LimitRange {
  return {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: metadata(),
    spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { cpu: '100m' } }] },
  }
}

export function sampleEndpoints(): Endpoints {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: metadata(),
    subsets: [{ addresses: [{ ip: '10.1.0.1' }], ports: [{ port: 80 }] }],
  }
}

export function sampleEndpointSlice(): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: metadata(), addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.0.1'] }], ports: [{ port: 80 }],
  }
}

export function sampleEvent(): Event {
  return {
    apiVersion: 'v1', kind: 'Event', metadata: metadata(), involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' },
    reason: 'Started', message: 'Started container web', type: 'Normal', source: { component: 'kubelet', host: 'worker' }, count: 1,
    firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:00Z',
  }
}

export function sampleEventsV1Event(): EventsV1Event {
  return {
    apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: metadata(), regarding: { kind: 'Pod', namespace: 'default', name: 'web' },
    eventTime: '2026-01-01T00:00:00.000000Z', reason: 'Scheduled', note: 'Assigned to worker', type: 'Normal', action: 'Binding',
    reportingController: 'lotse-scheduler', reportingInstance: 'lotse-scheduler-0',
  }
}

const RULE = { apiGroups: [''], resources: ['pods'], verbs: ['get'] }
const GROUP = 'rbac.authorization.k8s.io'

export const sampleRole = (): Role => ({ apiVersion: `${GROUP}/v1`, kind: 'Role', metadata: metadata(), rules: [{ ...RULE }] })
export const sampleClusterRole = (): ClusterRole => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'ClusterRole',
  metadata: { name: 'a' },
  rules: [{ ...RULE }],
})

export function sampleRoleBinding(): RoleBinding {
  return {
    apiVersion: `${GROUP}/v1`, kind: 'RoleBinding', metadata: metadata(), roleRef: { apiGroup: GROUP, kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'User', name: 'alice', apiGroup: GROUP }],
  }
}

export function sampleClusterRoleBinding(): ClusterRoleBinding {
  return {
    ...sampleRoleBinding(),
    kind: 'ClusterRoleBinding',
    metadata: { name: 'a' },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'reader' },
  }
}

function review(group: string, kind: string, spec: object): KubeObject & { spec: object } {
  return { apiVersion: `${group}/v1`, kind, metadata: {}, spec }
}

const ASKED = { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } }

/** A sample of every kind that is served, by kind and group. */
export function sampleOf({ kind, group, version }: Pick<KindRef, 'kind' | 'group' | 'version'>): KubeObject {
  // Some names are used twice: those samples are listed with their group and version.
  const make = SAMPLES[`${group}/${version}/${kind}`] ?? SAMPLES[kind]
  if (make === undefined) throw new Error(`there is no sample of ${kind} of ${group}/${version}: add one to sample-objects.testing.ts`)
  return make()
}

const SAMPLES: Readonly<Record<string, () => KubeObject>> = {
  ...workloadSamples,
  ...extensionSamples,
  Binding: sampleBinding, ConfigMap: sampleConfigMap, Endpoints: sampleEndpoints, Event: sampleEvent, LimitRange: sampleLimitRange,
  Namespace: sampleNamespace, Node: sampleNode, Pod: () => samplePod(), ResourceQuota: sampleQuota, Secret: sampleSecret,
  ServiceAccount: sampleServiceAccount, Service: () => sampleService(), Deployment: sampleDeployment, ReplicaSet: sampleReplicaSet,
  EndpointSlice: sampleEndpointSlice, Lease: sampleLease, 'events.k8s.io/v1/Event': sampleEventsV1Event,
  Role: sampleRole, ClusterRole: sampleClusterRole, RoleBinding: sampleRoleBinding, ClusterRoleBinding: sampleClusterRoleBinding,
  TokenReview: () => review('authentication.k8s.io', 'TokenReview', { token: 't' }),
  SelfSubjectReview: () => review('authentication.k8s.io', 'SelfSubjectReview', {}),
  SubjectAccessReview: () => review('authorization.k8s.io', 'SubjectAccessReview', { ...ASKED, user: 'alice' }),
  SelfSubjectAccessReview: () => review('authorization.k8s.io', 'SelfSubjectAccessReview', ASKED),
  LocalSubjectAccessReview: () => ({
    ...review('authorization.k8s.io', 'LocalSubjectAccessReview', { ...ASKED, user: 'alice' }),
    metadata: { namespace: 'default' },
  }),
  SelfSubjectRulesReview: () => review('authorization.k8s.io', 'SelfSubjectRulesReview', { namespace: 'default' }),
}
