import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KubeObject } from '../../objects/kube-object.ts'
import { freezeJson } from '../../objects/json.ts'
import type { Container, Pod, PodSpec, ResourceQuota, ResourceQuotaSpec } from '../../resources/generated/types.ts'
import { formatTime } from '../../words/instant.ts'
import { quantitiesText } from '../pod-resources/quantities.ts'
import { chargeQuotas } from './charge.ts'
import type { UsageChange } from './charge.ts'
import { countedResources, countUsage } from './count.ts'
import { isOfResource } from './resource-names.ts'
import type { Resource } from './resource-names.ts'
import { createUsageOf } from './resource-usage.ts'
import { isInScope } from './scopes.ts'

const NOW = 1_800_000_000_000
const PODS: Resource = { group: '', plural: 'pods' }
const CLAIMS: Resource = { group: '', plural: 'persistentvolumeclaims' }
const SERVICES: Resource = { group: '', plural: 'services' }
const DEPLOYMENTS: Resource = { group: 'apps', plural: 'deployments' }

type Amounts = Record<string, string>
const container = (name: string, requests: Amounts = {}, limits: Amounts = {}): Container => ({ name, resources: { requests, limits } })
const pod = (spec: Partial<PodSpec> = {}, more: Partial<Pod> = {}): Pod =>
  freezeJson({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [container('web')], ...spec }, ...more })
const object = (more: object = {}): KubeObject => freezeJson({ apiVersion: 'v1', kind: 'Any', metadata: { name: 'o' }, ...more })
const quota = (hard: Amounts, used: Amounts | undefined = undefined, spec: ResourceQuotaSpec = {}, name = 'q'): ResourceQuota => freezeJson({
  apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec: { hard, ...spec },
  status: { hard, used: used ?? Object.fromEntries(Object.keys(hard).map((key) => [key, '0'])) },
})

test('what objects use', () => {
  const usageOf = createUsageOf()
  const ended = { status: { phase: 'Succeeded' } }
  const leaving = (agoSeconds: number): Partial<Pod> => ({ metadata: { name: 'p', deletionTimestamp: formatTime(NOW - agoSeconds * 1000), deletionGracePeriodSeconds: 30 } })
  const compute = pod({ containers: [container('web', { cpu: '100m', memory: '1Gi', 'hugepages-2Mi': '4Mi', 'example.com/gpu': '1' }, { cpu: '1', 'example.com/gpu': '1' })] })
  const ports = (...nodePorts: number[]) => nodePorts.map((nodePort, index) => ({ port: index + 1, ...(nodePort === 0 ? {} : { nodePort }) }))
  const table: [Resource, KubeObject, string][] = [
    [PODS, pod(), 'count/pods=1,pods=1'],
    [PODS, pod({}, ended), 'count/pods=1'],
    [PODS, pod({}, leaving(29)), 'count/pods=1,pods=1'],
    [PODS, pod({}, leaving(31)), 'count/pods=1'],
    [PODS, compute, 'count/pods=1,cpu=100m,hugepages-2Mi=4Mi,limits.cpu=1,memory=1Gi,pods=1,requests.cpu=100m,requests.example.com/gpu=1,requests.hugepages-2Mi=4Mi,requests.memory=1Gi'],
    [SERVICES, object({ spec: { ports: ports(0) } }), 'count/services=1,services=1,services.loadbalancers=0,services.nodeports=0'],
    [SERVICES, object({ spec: { type: 'NodePort', ports: ports(0, 0) } }), 'count/services=1,services=1,services.loadbalancers=0,services.nodeports=2'],
    [SERVICES, object({ spec: { type: 'LoadBalancer', ports: ports(0, 0) } }), 'count/services=1,services=1,services.loadbalancers=1,services.nodeports=2'],
    [SERVICES, object({ spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: ports(0, 30000) } }), 'count/services=1,services=1,services.loadbalancers=1,services.nodeports=1'],
    [CLAIMS, object({ spec: { resources: { requests: { storage: '1Gi' } } } }), 'count/persistentvolumeclaims=1,persistentvolumeclaims=1,requests.storage=1Gi'],
    [
      CLAIMS, object({ spec: { storageClassName: 'gold', resources: { requests: { storage: '1Gi' } } }, status: { allocatedResources: { storage: '2Gi' } } }),
      'count/persistentvolumeclaims=1,gold.storageclass.storage.k8s.io/persistentvolumeclaims=1,gold.storageclass.storage.k8s.io/requests.storage=2Gi,persistentvolumeclaims=1,requests.storage=2Gi',
    ],
    [DEPLOYMENTS, object(), 'count/deployments.apps=1'],
    [{ group: '', plural: 'secrets' }, object(), 'count/secrets=1,secrets=1'],
  ]
  for (const [resource, given, expected] of table) {
    assert.equal(quantitiesText(usageOf(resource, given, NOW)), expected)
    assert.ok([...usageOf(resource, given, NOW).keys()].every((name) => isOfResource(resource, name)), expected)
  }
  const events = [{ group: '', plural: 'events' }, { group: 'events.k8s.io', plural: 'events' }]
  assert.deepEqual(events.map((resource) => isOfResource(resource, resource.group === '' ? 'count/events' : 'count/events.events.k8s.io')), [false, false])
})

test('which pods a quota is about', () => {
  const elsewhere = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', namespaces: ['other'] }] } }
  const given: [string, Pod][] = [
    ['plain', pod()], ['deadline', pod({ activeDeadlineSeconds: 5 })], ['asking', pod({ containers: [container('a', { cpu: '1' })] })],
    ['high', pod({ priorityClassName: 'high' })], ['across', pod({ affinity: elsewhere })],
  ]
  const check = (spec: ResourceQuotaSpec, expected: string): void =>
    assert.equal(given.filter(([, each]) => isInScope(quota({}, {}, spec), PODS, each)).map(([name]) => name).join(' '), expected)
  const classes = (operator: string, ...values: string[]): ResourceQuotaSpec => ({ scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values.length === 0 ? {} : { values }) }] } })
  check({}, 'plain deadline asking high across')
  check({ scopes: ['Terminating'] }, 'deadline')
  check({ scopes: ['NotTerminating', 'BestEffort'] }, 'plain high across')
  check({ scopes: ['NotBestEffort'] }, 'asking')
  check({ scopes: ['CrossNamespacePodAffinity'] }, 'across')
  check(classes('Exists'), 'high')
  check(classes('DoesNotExist'), 'plain deadline asking across')
  check(classes('In', 'high', 'low'), 'high')
  check(classes('NotIn', 'low'), 'plain deadline asking high across')
  check(classes('NotIn', 'high'), 'plain deadline asking across')
  assert.equal(isInScope(quota({}, {}, { scopes: ['BestEffort'] }), SERVICES, object()), false)
})

const create = (resource: Resource, after: KubeObject): UsageChange => ({ resource, before: undefined, after, enforced: true })
const remove = (resource: Resource, before: KubeObject): UsageChange => ({ resource, before, after: undefined, enforced: true })
const update = (resource: Resource, before: KubeObject, after: KubeObject, enforced: boolean): UsageChange => ({ resource, before, after, enforced })

/** What was used afterwards in each quota, or the refusal. */
function outcome(quotas: readonly ResourceQuota[], change: UsageChange): string {
  const result = chargeQuotas(quotas, change, createUsageOf(), NOW)
  if (result.outcome === 'refused') return result.why
  return result.quotas.map((each, index) => (each === quotas[index] ? 'unchanged' : Object.entries(each.status?.used ?? {}).map(([name, value]) => `${name}=${value}`).join(','))).join(' | ')
}

test('charges and refusals', () => {
  const asking = (cpu: string): Pod => pod({ containers: [container('web', { cpu })] })
  const claim = (storage: string): KubeObject => object({ spec: { resources: { requests: { storage } } } })
  const table: [string, readonly ResourceQuota[], UsageChange, string][] = [
    ['first', [quota({ pods: '2' })], create(PODS, pod()), 'pods=1'],
    ['full', [quota({ pods: '2' }, { pods: '2' })], create(PODS, pod()), 'exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'],
    ['only what is over', [quota({ pods: '2', 'requests.cpu': '1' }, { pods: '1', 'requests.cpu': '600m' })], create(PODS, asking('500m')), 'exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1'],
    ['sorted', [quota({ pods: '0', 'count/pods': '0' })], create(PODS, pod()), 'exceeded quota: q, requested: count/pods=1,pods=1, used: count/pods=0,pods=0, limited: count/pods=0,pods=0'],
    ['must say', [quota({ 'limits.cpu': '2', 'requests.memory': '1' })], create(PODS, pod({ initContainers: [container('init', { memory: '1' })] })), 'failed quota: q: must specify limits.cpu for: init,web; requests.memory for: web'],
    ['not counted yet', [quota({ pods: '2', 'count/pods': '1' }, {})], create(PODS, pod()), 'status unknown for quota: q, resources: count/pods,pods'],
    ['all or none', [quota({ pods: '2' }), quota({ pods: '1' }, { pods: '1' }, {}, 'r')], create(PODS, pod()), 'exceeded quota: r, requested: pods=1, used: pods=1, limited: pods=1'],
    ['two quotas', [quota({ pods: '2' }), quota({ 'count/pods': '9' }), quota({ services: '1' })], create(PODS, pod()), 'pods=1 | count/pods=1 | unchanged'],
    ['other scope', [quota({ pods: '0' }, undefined, { scopes: ['Terminating'] })], create(PODS, pod()), 'unchanged'],
    ['counts', [quota({ 'count/deployments.apps': '1' })], create(DEPLOYMENTS, object()), 'count/deployments.apps=1'],
    ['gone', [quota({ pods: '2', 'requests.cpu': '1' }, { pods: '2', 'requests.cpu': '1' })], remove(PODS, asking('250m')), 'pods=1,requests.cpu=750m'],
    ['gone from nothing', [quota({ pods: '2' })], remove(PODS, pod()), 'unchanged'],
    ['over, but leaving', [quota({ pods: '1' }, { pods: '5' })], remove(PODS, pod()), 'pods=4'],
    ['ended', [quota({ pods: '2', 'count/pods': '5' }, { pods: '2', 'count/pods': '2' })], update(PODS, pod(), pod({}, { status: { phase: 'Failed' } }), false), 'pods=1,count/pods=2'],
    ['nothing new', [quota({ pods: '2' }, { pods: '2' })], update(PODS, pod(), pod({}, { status: { phase: 'Running' } }), false), 'unchanged'],
    ['larger', [quota({ 'requests.storage': '3Gi' }, { 'requests.storage': '2Gi' })], update(CLAIMS, claim('1Gi'), claim('2Gi'), true), 'requests.storage=3Gi'],
    ['too large', [quota({ 'requests.storage': '3Gi' }, { 'requests.storage': '2Gi' })], update(CLAIMS, claim('1Gi'), claim('3Gi'), true), 'exceeded quota: q, requested: requests.storage=2Gi, used: requests.storage=2Gi, limited: requests.storage=3Gi'],
    ['smaller, though over', [quota({ 'requests.cpu': '1' }, { 'requests.cpu': '3' })], update(PODS, asking('2'), asking('1'), true), 'requests.cpu=2'],
    ['into the scope', [quota({ pods: '0' }, undefined, { scopes: ['Terminating'] })], update(PODS, pod(), pod({ activeDeadlineSeconds: 5 }), false), 'pods=1'],
    ['out of it', [quota({ pods: '5' }, { pods: '3' }, { scopes: ['NotTerminating'] })], update(PODS, pod(), pod({ activeDeadlineSeconds: 5 }), false), 'pods=2'],
  ]
  for (const [name, quotas, change, expected] of table) assert.equal(outcome(quotas, change), expected, name)
})

test('counting anew', () => {
  const given = quota({ pods: '5', 'requests.cpu': '5', 'count/deployments.apps': '1', 'count/widgets.example.com': '1' }, {})
  assert.deepEqual(countedResources(given, [PODS, SERVICES, DEPLOYMENTS]), [PODS, DEPLOYMENTS])
  const used = countUsage(given, [{ resource: PODS, objects: [pod(), pod({ containers: [container('a', { cpu: '1500m' })] }), pod({}, { status: { phase: 'Failed' } })] }, { resource: DEPLOYMENTS, objects: [] }], createUsageOf(), NOW)
  assert.deepEqual(used, { 'count/deployments.apps': '0', pods: '2', 'requests.cpu': '1500m' })
})

test('charging write by write comes to the same as counting', () => {
  const anyPod = fc.record({ cpu: fc.constantFrom('100m', '1', '250m', '1500m'), deadline: fc.boolean(), ended: fc.boolean() }).map(({ cpu, deadline, ended }) =>
    pod({ containers: [container('a', { cpu })], ...(deadline ? { activeDeadlineSeconds: 1 } : {}) }, ended ? { status: { phase: 'Succeeded' } } : {}))
  const steps = fc.array(fc.record({ slot: fc.nat(5), to: fc.option(anyPod, { nil: undefined }) }), { maxLength: 30 })
  fc.assert(fc.property(steps, fc.constantFrom<ResourceQuotaSpec>({}, { scopes: ['Terminating'] }), (changes, spec) => {
    const usageOf = createUsageOf()
    const slots: (Pod | undefined)[] = []
    let current = quota({ pods: '3', 'requests.cpu': '4', 'count/pods': '4' }, undefined, spec)
    for (const { slot, to } of changes) {
      const before = slots[slot]
      const result = chargeQuotas([current], { resource: PODS, before, after: to, enforced: before === undefined }, usageOf, NOW)
      if (result.outcome === 'refused') continue
      current = result.quotas[0] ?? current
      slots[slot] = to
    }
    const live = slots.filter((each) => each !== undefined)
    assert.deepEqual(current.status?.used, countUsage(current, [{ resource: PODS, objects: live }], usageOf, NOW))
  }), { numRuns: 60 })
})
