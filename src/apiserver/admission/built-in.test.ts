import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { PodSpec } from '../../resources/generated/types.ts'
import { StatusError } from '../../words/status-error.ts'
import type { AdmissionRequest, Authorizer } from '../access.ts'
import { admissionOf, readerOf } from '../access/object-reader.testing.ts'
import { builtInAdmission, defaultAdmission } from './built-in.ts'
import type { AdmissionOptions } from './built-in.ts'
import { defaultPodSecurity } from './pod-security.ts'

/** Approvers of example.com may approve, nobody else anything. */
const authorizer: Authorizer = { authorize: (_user, info) => ({ allowed: info.verb === 'approve' && info.name === 'example.com/*', reason: '' }) }
let now = 0
const clock = { now: () => now, after: () => () => undefined }

interface Outcome {
  /** The object as it was admitted. */
  readonly object: KubeObject | undefined
  /** Warnings, or the refusal with its code. */
  readonly said: readonly string[]
}

function plugins(options: Partial<AdmissionOptions>, cluster: readonly KubeObject[]) {
  const reader = readerOf(cluster)
  const random = { bytes: (length: number) => new Uint8Array(length) }
  const built = builtInAdmission({ ...defaultAdmission, ...options }, { reader, clock, random, authorizer, servedKinds: () => [] })
  return async (request: AdmissionRequest): Promise<Outcome> => {
    const said: string[] = []
    try {
      for (const mutator of built.mutators) if (mutator.matches(request)) await mutator.admit(request, reader, 'first')
      for (const validator of [...built.validators, ...built.lastValidators]) {
        if (!validator.matches(request)) continue
        const verdict = await validator.review(request, reader)
        if (!verdict.allowed) return { object: undefined, said: [`${verdict.code} ${verdict.message}`] }
        said.push(...verdict.warnings)
      }
    } catch (error) {
      if (error instanceof StatusError) return { object: undefined, said: [`${error.code} ${error.message}`] }
      throw error
    }
    return { object: request.object, said }
  }
}

const namespace = (name: string, labels: Record<string, string> = {}, annotations: Record<string, string> = {}): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations } })
const cluster: readonly KubeObject[] = [
  namespace('shop'), { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'shop' }, ...{ automountServiceAccountToken: false } },
]
const pod = (spec: Partial<PodSpec> = {}, metadata: object = {}): KubeObject & { spec: PodSpec } =>
  copyJson({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop', ...metadata }, spec: { containers: [{ name: 'web', image: 'i' }], ...spec } })
const thing = (kind: string, more: object = {}): KubeObject => copyJson({ apiVersion: 'v1', kind, metadata: { name: 'o', namespace: 'shop' }, ...more })
const create = (kind: KindRef, object: KubeObject, more: Partial<AdmissionRequest> = {}) => admissionOf('CREATE', kind, object, more)
const update = (kind: KindRef, object: KubeObject, old: KubeObject, more: Partial<AdmissionRequest> = {}) => admissionOf('UPDATE', kind, object, { old, ...more })

function specOf({ object }: Outcome): Partial<PodSpec> {
  return object !== undefined && 'spec' in object ? (object as ReturnType<typeof pod>).spec : {}
}

test('a plain pod gets what every pod gets', async () => {
  const { priority, preemptionPolicy, serviceAccountName, tolerations } = specOf(await plugins({}, cluster)(create(kinds.Pod, pod())))
  assert.deepEqual({ priority, preemptionPolicy, serviceAccountName, tolerations: tolerations?.length }, { priority: 0, preemptionPolicy: 'PreemptLowerPriority', serviceAccountName: 'default', tolerations: 2 })
  const standing = pod({ priority: 5, preemptionPolicy: 'Never' })
  const kept = specOf(await plugins({}, cluster)(update(kinds.Pod, pod(), standing)))
  assert.deepEqual([kept.priority, kept.preemptionPolicy], [5, 'Never'])
})

test('pod security', async () => {
  const label = (mode: string, level: string) => ({ [`pod-security.kubernetes.io/${mode}`]: level })
  const admitIn = (labels: Record<string, string>, request: AdmissionRequest, options: Partial<AdmissionOptions> = {}) =>
    plugins(options, [namespace('shop', labels), ...cluster.slice(1)])(request).then(({ said }) => said)
  const hostile = () => create(kinds.Pod, pod({ hostPID: true }))
  assert.deepEqual(await admitIn({}, hostile()), [])
  assert.deepEqual(await admitIn(label('enforce', 'baseline'), hostile()), ['403 violates PodSecurity "baseline:latest": host namespaces (hostPID=true)'])
  assert.deepEqual(await admitIn({ ...label('warn', 'baseline'), ...label('warn-version', 'v1.20') }, hostile()), ['would violate PodSecurity "baseline:v1.20": host namespaces (hostPID=true)'])
  const deployment = () => create(kinds.Deployment, thing('Deployment', { spec: { template: { metadata: {}, spec: { hostPID: true, containers: [] } } } }))
  assert.deepEqual(await admitIn(label('enforce', 'baseline'), deployment()), [])
  assert.deepEqual(await admitIn(label('warn', 'baseline'), deployment()), ['would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)'])
  const debugged = pod({ serviceAccountName: 'default', ephemeralContainers: [{ name: 'd', securityContext: { privileged: true } }] })
  assert.deepEqual(await admitIn(label('enforce', 'baseline'), update(kinds.Pod, debugged, pod(), { subresource: 'ephemeralcontainers' })), ['403 violates PodSecurity "baseline:latest": privileged (container "d" must not set securityContext.privileged=true)'])
  assert.deepEqual(await admitIn(label('enforce', 'baseline'), update(kinds.Pod, pod({ hostPID: true }), pod({ hostPID: true }))), [])
  const exempt = (exemptions: Partial<typeof defaultPodSecurity.exemptions>) => ({ podSecurity: { ...defaultPodSecurity, exemptions: { ...defaultPodSecurity.exemptions, ...exemptions } } })
  for (const exemptions of [{ namespaces: ['shop'] }, { users: ['tester'] }, { runtimeClasses: ['kata'] }]) {
    const request = create(kinds.Pod, pod({ hostPID: true, ...('runtimeClasses' in exemptions ? { runtimeClassName: 'kata' } : {}) }))
    const said = await plugins(exempt(exemptions), [namespace('shop', label('enforce', 'baseline')), thing('RuntimeClass', { metadata: { name: 'kata' } }), ...cluster.slice(1)])(request)
    assert.deepEqual(said.said, [], JSON.stringify(exemptions))
  }
})

test('what the audit hears of pod security', async () => {
  const told = async (labels: Record<string, string>, request: AdmissionRequest, options: Partial<AdmissionOptions> = {}) => {
    const annotations: Record<string, string> = {}
    const labelled = Object.fromEntries(Object.entries(labels).map(([name, value]) => [`pod-security.kubernetes.io/${name}`, value]))
    await plugins(options, [namespace('shop', labelled), ...cluster.slice(1)])({ ...request, audit: { annotate: (key, value) => void (annotations[key.replace('pod-security.kubernetes.io/', '')] = value) } })
    return annotations
  }
  const hostile = () => create(kinds.Pod, pod({ hostPID: true }))
  assert.deepEqual(await told({}, hostile()), { 'enforce-policy': 'privileged:latest' })
  assert.deepEqual(await told({ audit: 'baseline' }, hostile()), { 'enforce-policy': 'privileged:latest', 'audit-violations': 'would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)' })
  assert.match((await told({ enforce: 'strict' }, hostile()))['error'] ?? '', /^Failed to parse policy: metadata.labels/)
  assert.deepEqual(await told({}, hostile(), { podSecurity: { ...defaultPodSecurity, exemptions: { ...defaultPodSecurity.exemptions, users: ['tester'] } } }), { exempt: 'user' })
})

test('what is limited needs a quota that allows it', async () => {
  const critical = { scopeName: 'PriorityClass', operator: 'In', values: ['system-cluster-critical', 'system-node-critical'] }
  const limitedResources = [{ group: '', plural: 'pods', matchContains: ['example.com/gpu'], matchScopes: [critical] }]
  const classes = thing('PriorityClass', { metadata: { name: 'system-node-critical' }, value: 9 })
  const said = async (given: Partial<PodSpec>, ...quotas: KubeObject[]) =>
    (await plugins({ limitedResources }, [...cluster, classes, ...quotas])(create(kinds.Pod, pod(given)))).said
  const quota = (hard: Record<string, string>, spec: object = {}) => thing('ResourceQuota', { spec: { hard, ...spec }, status: { hard } })
  const gpu = { containers: [{ name: 'web', resources: { requests: { 'example.com/gpu': '1' } } }] }
  assert.deepEqual(await said({}), [])
  assert.deepEqual(await said(gpu), ['403 insufficient quota to consume: requests.example.com/gpu'])
  assert.deepEqual(await said(gpu, quota({ 'requests.example.com/gpu': '1' })), [])
  const refused = ['403 insufficient quota to match these scopes: [{PriorityClass In [system-cluster-critical system-node-critical]}]']
  assert.deepEqual(await said({ priorityClassName: 'system-node-critical' }, quota({ pods: '5' })), refused)
  assert.deepEqual(await said({ priorityClassName: 'system-node-critical' }, quota({ pods: '5' }, { scopeSelector: { matchExpressions: [critical] } })), [])
})

test('namespaces that become stricter', async () => {
  const label = (level: string) => ({ 'pod-security.kubernetes.io/enforce': level })
  const hostile = [...cluster, pod({ hostPID: true }), pod({}, { name: 'fine' })]
  const tighten = (from: Record<string, string>, to: Record<string, string>, options: Partial<AdmissionOptions> = {}) =>
    plugins(options, hostile)(update(kinds.Namespace, namespace('shop', to), namespace('shop', from))).then(({ said }) => said)
  assert.deepEqual(await tighten({}, label('baseline')), ['existing pods in namespace "shop" violate the new PodSecurity enforce level "baseline:latest"', 'p: host namespaces'])
  assert.deepEqual(await tighten(label('restricted'), label('baseline')), [])
  assert.deepEqual(await tighten(label('baseline'), label('privileged')), [])
  assert.deepEqual(await tighten({}, label('strict')), ['422 Namespace "shop" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted'])
  assert.deepEqual(await tighten(label('strict'), { ...label('strict'), other: 'x' }), [])
  const exemptions = { ...defaultPodSecurity.exemptions, namespaces: ['shop'] }
  assert.deepEqual(await tighten({}, label('baseline'), { podSecurity: { ...defaultPodSecurity, exemptions } }), ['namespace "shop" is exempt from Pod Security, and the policy (enforce=baseline:latest) will be ignored'])
  assert.equal((await plugins({}, hostile)(create(kinds.Namespace, namespace('new', label('strict'))))).said.length, 1)
})

test('limits of a namespace', async () => {
  const limits = thing('LimitRange', { spec: { limits: [{ type: 'Container', default: { cpu: '1' }, max: { cpu: '2' } }, { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }] } })
  const admit = plugins({}, [...cluster, limits])
  assert.deepEqual(specOf(await admit(create(kinds.Pod, pod()))).containers?.[0]?.resources, { limits: { cpu: '1' } })
  const large = (cpu: string) => pod({ containers: [{ name: 'web', resources: { limits: { cpu } } }] })
  const refusal = ['403 maximum cpu usage per Container is 2, but limit is 3']
  assert.deepEqual((await admit(create(kinds.Pod, large('3')))).said, refusal)
  assert.deepEqual((await admit(update(kinds.Pod, large('3'), large('1'), { subresource: 'resize' }))).said, refusal)
  assert.deepEqual((await admit(update(kinds.Pod, large('3'), large('1')))).said, [])
  const ending = pod({}, { deletionTimestamp: '2026-01-01T00:00:00Z' })
  assert.deepEqual((await admit(update(kinds.Pod, large('3'), ending, { subresource: 'resize' }))).said, [])
  const claim = thing('PersistentVolumeClaim', { spec: { resources: { requests: { storage: '2Gi' } } } })
  assert.deepEqual((await admit(create(kinds.PersistentVolumeClaim, claim))).said, ['403 maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi'])
})

test('classes that nobody named', async () => {
  const marked = (kind: string, name: string, annotation: string) => ({ apiVersion: 'v1', kind, metadata: { name, annotations: { [annotation]: 'true' } } })
  const admit = plugins({}, [...cluster, marked('StorageClass', 'gold', 'storageclass.kubernetes.io/is-default-class'), marked('IngressClass', 'front', 'ingressclass.kubernetes.io/is-default-class')])
  const claim = await admit(create(kinds.PersistentVolumeClaim, thing('PersistentVolumeClaim', { spec: {} })))
  assert.deepEqual([specOf(claim), claim.object?.metadata.finalizers], [{ storageClassName: 'gold' }, ['kubernetes.io/pvc-protection']])
  assert.deepEqual(specOf(await admit(create(kinds.PersistentVolumeClaim, thing('PersistentVolumeClaim', { spec: { storageClassName: '' } })))), { storageClassName: '' })
  assert.deepEqual(specOf(await admit(create(kinds.Ingress, thing('Ingress', { spec: {} })))), { ingressClassName: 'front' })
  assert.deepEqual((await admit(create(kinds.PersistentVolume, thing('PersistentVolume')))).object?.metadata.finalizers, ['kubernetes.io/pv-protection'])
})

test('claims grow where their class lets them', async () => {
  const admit = plugins({}, [...cluster, thing('StorageClass', { metadata: { name: 'gold' }, allowVolumeExpansion: true }), thing('StorageClass', { metadata: { name: 'tin' } })])
  const claim = (storage: string, storageClassName = 'gold', phase = 'Bound') => thing('PersistentVolumeClaim', { spec: { storageClassName, resources: { requests: { storage } } }, status: { phase } })
  const grow = (before: KubeObject, after: KubeObject) => admit(update(kinds.PersistentVolumeClaim, after, before)).then(({ said }) => said)
  assert.deepEqual(await grow(claim('1Gi'), claim('2Gi')), [])
  assert.deepEqual(await grow(claim('2Gi', 'tin'), claim('1Gi', 'tin')), [])
  assert.match((await grow(claim('1Gi', 'tin'), claim('2Gi', 'tin')))[0] ?? '', /^403 only dynamically provisioned pvc can be resized/)
  assert.deepEqual(await grow(claim('1Gi', 'gold', 'Pending'), claim('2Gi', 'gold', 'Pending')), ['403 Only bound persistent volume claims can be expanded'])
})

test('priority and runtime classes of the cluster', async () => {
  const admit = plugins({}, [...cluster, thing('PriorityClass', { metadata: { name: 'high' }, value: 9, globalDefault: true }), thing('RuntimeClass', { metadata: { name: 'kata' }, overhead: { podFixed: { cpu: '1' } } })])
  assert.deepEqual((await admit(create(kinds.Pod, pod({ priorityClassName: 'gone' })))).said, ['403 pods "p" is forbidden: no PriorityClass with name gone was found'])
  assert.deepEqual((await admit(create(kinds.Pod, pod({ runtimeClassName: 'gone' })))).said, ['403 pods "p" is forbidden: pod rejected: RuntimeClass "gone" not found'])
  assert.deepEqual((await admit(create(kinds.Pod, pod({ overhead: { cpu: '1' } })))).said, ['403 pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'])
  const { overhead, priorityClassName, priority } = specOf(await admit(create(kinds.Pod, pod({ runtimeClassName: 'kata' }))))
  assert.deepEqual({ overhead, priorityClassName, priority }, { overhead: { cpu: '1' }, priorityClassName: 'high', priority: 9 })
  const second = thing('PriorityClass', { metadata: { name: 'second' }, value: 1, globalDefault: true })
  assert.deepEqual((await admit(create(kinds.PriorityClass, second))).said, ['403 PriorityClass high is already marked as default. Only one default can exist'])
})

test('who approves and signs certificates', async () => {
  const admit = plugins({}, cluster)
  const request = (signerName: string, status: object = {}) => thing('CertificateSigningRequest', { metadata: { name: 'csr' }, spec: { request: '', signerName }, status })
  const said = (given: AdmissionRequest) => admit(given).then((outcome) => outcome.said)
  const kind = kinds.CertificateSigningRequest
  assert.deepEqual(await said(update(kind, request('example.com/a'), request('example.com/a'), { subresource: 'approval' })), [])
  assert.deepEqual(await said(update(kind, request('example.com/a'), request('other.com/a'), { subresource: 'approval' })), ['403 user not permitted to approve requests with signerName "other.com/a"'])
  assert.deepEqual(await said(update(kind, request('example.com/a', { certificate: 'x' }), request('example.com/a'), { subresource: 'status' })), ['403 user not permitted to sign requests with signerName "example.com/a"'])
  assert.deepEqual(await said(update(kind, request('example.com/a'), request('example.com/a'), { subresource: 'status' })), [])
  assert.match((await said(create(kind, request('kubernetes.io/kube-apiserver-client'))))[0] ?? '', /^403 failed to parse CSR: /)
  assert.deepEqual(await said(create(kind, request('example.com/a'))), [])
})

test('plug-ins that are off until they are switched on', async () => {
  const service = (...externalIPs: string[]) => thing('Service', { spec: { externalIPs } })
  const event = thing('Event', { involvedObject: {}, source: {} })
  const gpu = () => pod({ containers: [{ name: 'web', resources: { requests: { 'example.com/gpu': '1', cpu: '1' } } }] })
  const off = plugins({}, cluster)
  assert.deepEqual((await off(create(kinds.Service, service('1.2.3.4')))).said, [])
  assert.equal(specOf(await off(create(kinds.Pod, gpu()))).tolerations?.length, 2)

  const denied = plugins({ denyServiceExternalIps: true }, cluster)
  assert.deepEqual((await denied(create(kinds.Service, service('1.2.3.4')))).said, ['403 Use of external IPs is denied by admission control'])
  assert.deepEqual((await denied(update(kinds.Service, service('1.2.3.4'), service('1.2.3.4', '5.6.7.8')))).said, [])

  const pulling = plugins({ alwaysPullImages: true }, cluster)
  assert.equal(specOf(await pulling(create(kinds.Pod, pod()))).containers?.[0]?.imagePullPolicy, 'Always')

  const tolerating = specOf(await plugins({ extendedResourceToleration: true }, cluster)(create(kinds.Pod, gpu())))
  assert.deepEqual(tolerating.tolerations?.at(-1), { key: 'example.com/gpu', operator: 'Exists' })

  now = 0
  const limited = plugins({ eventLimits: [{ type: 'Server', perSecond: 1, burst: 2, cacheSize: 1 }, { type: 'Namespace', perSecond: 1, burst: 1, cacheSize: 9 }] }, cluster)
  const events = []
  for (let index = 0; index < 3; index++) events.push(...(await limited(create(kinds.Event, copyJson(event)))).said)
  assert.deepEqual(events, ['429 limit reached on type Namespace for key shop', '429 limit reached on type Namespace for key shop'])
  now = 1000
  assert.deepEqual((await limited(create(kinds.Event, copyJson(event)))).said, [])
})

test('nodes and tolerations that a namespace is given', async () => {
  const annotated = (annotations: Record<string, string>) => [namespace('shop', {}, annotations), ...cluster.slice(1)]
  const selecting = (annotation: string, given: Partial<PodSpec>, allowed = '') =>
    plugins({ podNodeSelector: { clusterDefault: 'env=test', allowed: { shop: allowed } } }, annotated(annotation === '' ? {} : { 'scheduler.alpha.kubernetes.io/node-selector': annotation }))(create(kinds.Pod, pod(given)))
  assert.deepEqual(specOf(await selecting('', {})).nodeSelector, { env: 'test' })
  assert.deepEqual(specOf(await selecting('zone=a', { nodeSelector: { disk: 'ssd' } })).nodeSelector, { zone: 'a', disk: 'ssd' })
  assert.deepEqual((await selecting('zone=a', { nodeSelector: { zone: 'b' } })).said, ['403 pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector'])
  assert.deepEqual((await selecting('zone=a', {}, 'zone=b')).said, ['403 pods "p" is forbidden: pod node label selector labels conflict with its namespace whitelist'])

  const tolerating = (annotations: Record<string, string>, given: Partial<PodSpec> = {}) =>
    plugins({ podTolerations: { defaults: [{ key: 'cluster', operator: 'Exists' }], allowed: [] } }, annotated(annotations))(create(kinds.Pod, pod(given)))
  const keys = (outcome: Outcome) => specOf(outcome).tolerations?.map(({ key = '' }) => key.replace('node.kubernetes.io/', '')).join(' ')
  assert.equal(keys(await tolerating({})), 'not-ready unreachable cluster')
  assert.equal(keys(await tolerating({ 'scheduler.alpha.kubernetes.io/defaultTolerations': '[{"key":"own","operator":"Exists"}]' })), 'not-ready unreachable own')
  assert.equal(keys(await tolerating({ 'scheduler.alpha.kubernetes.io/defaultTolerations': '[]' }, { containers: [{ name: 'a', resources: { requests: { cpu: '1' } } }] })), 'not-ready unreachable memory-pressure')
  assert.deepEqual((await tolerating({ 'scheduler.alpha.kubernetes.io/tolerationsWhitelist': '[{"key":"own","operator":"Exists"}]' })).said, ['403 pods "p" is forbidden: pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist'])
  assert.match((await tolerating({ 'scheduler.alpha.kubernetes.io/tolerationsWhitelist': '{' })).said[0] ?? '', /^500 /)
})

test('secrets of pods whose account is limited', async () => {
  const limited = { metadata: { name: 'default', namespace: 'shop', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } }, automountServiceAccountToken: false }
  const admit = plugins({}, [namespace('shop'), thing('ServiceAccount', limited)])
  const why = 'is not allowed because service account default does not reference that secret'
  const volumes = [{ name: 'v', secret: { secretName: 's' } }]
  assert.deepEqual((await admit(create(kinds.Pod, pod({ volumes })))).said, [`403 volume with secret.secretName="s" ${why}`])
  const debugged = pod({ serviceAccountName: 'default', ephemeralContainers: [{ name: 'd', envFrom: [{ secretRef: { name: 's' } }] }] })
  assert.deepEqual((await admit(update(kinds.Pod, debugged, pod(), { subresource: 'ephemeralcontainers' }))).said, [`403 ephemeral container d with envFrom referencing secret.secretName="s" ${why}`])
  const mirror = pod({ volumes }, { annotations: { 'kubernetes.io/config.mirror': 'x' } })
  assert.deepEqual((await admit(create(kinds.Pod, mirror))).said, ['403 pods "p" is forbidden: a mirror pod may not reference secrets'])
})

test('a second round changes nothing of what the first has decided, and looks after what webhooks have added', async () => {
  const range = { type: 'Container', default: { cpu: '200m' }, defaultRequest: { cpu: '100m' } }
  const all: readonly KubeObject[] = [
    namespace('shop', {}, { 'scheduler.alpha.kubernetes.io/node-selector': 'a=b' }),
    { ...thing('ServiceAccount', { imagePullSecrets: [{ name: 'pull' }] }), metadata: { name: 'default', namespace: 'shop' } },
    thing('LimitRange', { spec: { limits: [range] } }),
    { ...thing('PriorityClass', { value: 7, globalDefault: true, preemptionPolicy: 'Never' }), apiVersion: 'scheduling.k8s.io/v1', metadata: { name: 'seven' } },
    {
      ...thing('RuntimeClass', { handler: 'h', overhead: { podFixed: { cpu: '1' } }, scheduling: { nodeSelector: { c: 'd' }, tolerations: [{ key: 't', operator: 'Exists' }] } }),
      apiVersion: 'node.k8s.io/v1', metadata: { name: 'runtime' },
    },
  ]
  const reader = readerOf(all)
  const options: Partial<AdmissionOptions> = {
    alwaysPullImages: true, extendedResourceToleration: true, podNodeSelector: { clusterDefault: '', allowed: {} }, podTolerations: { defaults: [{ key: 'x', operator: 'Exists' }], allowed: [] },
  }
  const random = { bytes: (length: number) => new Uint8Array(length).map((_, index) => (now++ + index) % 256) }
  const built = builtInAdmission({ ...defaultAdmission, ...options }, { reader, clock, random, authorizer, servedKinds: () => [] })
  const object = pod({ runtimeClassName: 'runtime' })
  const request = create(kinds.Pod, object)
  const round = async (which: 'first' | 'again'): Promise<void> => {
    for (const mutator of built.mutators) if (mutator.matches(request)) await mutator.admit(request, reader, which)
  }
  await round('first')
  const before = copyJson(object)
  assert.deepEqual([object.spec.priority, object.spec.overhead, object.spec.volumes?.length, object.spec.imagePullSecrets], [7, { cpu: '1' }, 1, [{ name: 'pull' }]])
  await round('again')
  assert.deepEqual(object, before)
  object.spec.containers.push({ name: 'sidecar', image: 's' })
  await round('again')
  const [first, sidecar] = object.spec.containers
  assert.deepEqual([sidecar?.volumeMounts, sidecar?.resources, sidecar?.imagePullPolicy], [first?.volumeMounts, first?.resources, 'Always'])
  assert.equal(object.spec.volumes?.length, 1)
})
