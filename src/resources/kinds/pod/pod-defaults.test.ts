import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson, type Integer } from '../../../objects/json.ts'
import type { Container, PodSpec } from '../../generated/types.ts'
import { sampleContainer, samplePod } from '../../sample-objects.testing.ts'
import { context, created } from '../checking.testing.ts'
import { defaultPod, defaultPodTemplate } from './defaults.ts'
import { defaultPullPolicy, imageTag } from './image-tag.ts'
import { pods } from './pod.ts'
import { qualityOfService } from './quality-of-service.ts'

const DEFAULT_CONTAINER = {
  name: 'web', image: 'web:1', imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', resources: {},
}

test('a pod gets what its author left out', () => {
  const pod = samplePod()
  defaultPod(pod)
  assert.deepEqual(pod.spec, {
    containers: [DEFAULT_CONTAINER], enableServiceLinks: true, dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', securityContext: {},
    terminationGracePeriodSeconds: 30, schedulerName: 'default-scheduler',
  })
})

test('a template gets less: no service links, no requests from limits', () => {
  const limits = { cpu: '1' }
  const template = { spec: { containers: [sampleContainer({ resources: { limits } })] } }
  defaultPodTemplate({ template })
  assert.deepEqual(template.spec.containers[0]?.resources, { limits })
  assert.ok(!('enableServiceLinks' in template.spec))
})

function checkContainer(given: Partial<Container>, expected: object, spec: Partial<PodSpec> = {}): void {
  const pod = samplePod({ containers: [sampleContainer(copyJson(given))], ...spec })
  defaultPod(pod)
  assert.deepEqual(pod.spec?.containers[0], { ...DEFAULT_CONTAINER, ...expected })
}

test('defaults of containers', () => {
  checkContainer({ image: 'web' }, { image: 'web', imagePullPolicy: 'Always' })
  checkContainer({ ports: [{ containerPort: 80 }] }, { ports: [{ containerPort: 80, protocol: 'TCP' }] })
  checkContainer({ ports: [{ containerPort: 80 }] }, { ports: [{ containerPort: 80, protocol: 'TCP', hostPort: 80 }] }, { hostNetwork: true })
  checkContainer({ resources: { limits: { cpu: '0.5', memory: '1024Mi' } } }, { resources: { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } } })
  checkContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '100u' } } }, { resources: { limits: { cpu: '1' }, requests: { cpu: '1m' } } })
  checkContainer({ livenessProbe: { httpGet: { port: 80 } } }, {
    livenessProbe: { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
  })
  checkContainer({ readinessProbe: { grpc: { port: 80 }, periodSeconds: 2 } }, {
    readinessProbe: { grpc: { port: 80, service: '' }, timeoutSeconds: 1, periodSeconds: 2, successThreshold: 1, failureThreshold: 3 },
  })
  checkContainer({ lifecycle: { preStop: { httpGet: { port: 1, path: '/stop' } } } }, { lifecycle: { preStop: { httpGet: { port: 1, path: '/stop', scheme: 'HTTP' } } } })
  checkContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }] }, {
    env: [
      { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } },
      { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } } },
    ],
  })
})

test('defaults of volumes', () => {
  const pod = samplePod({ volumes: [
    { name: 'a' }, { name: 'b', configMap: { name: 'x' } }, { name: 'c', secret: { secretName: 'x', defaultMode: 0o400 } }, { name: 'd', hostPath: { path: '/x' } },
    { name: 'e', projected: { sources: [{ serviceAccountToken: { path: 't' } }, { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } }] } },
    { name: 'f', downwardAPI: {} }, { name: 'g', emptyDir: { sizeLimit: '0.5Gi' } },
  ] })
  defaultPod(pod)
  assert.deepEqual(pod.spec?.volumes, [
    { name: 'a', emptyDir: {} }, { name: 'b', configMap: { name: 'x', defaultMode: 420 } }, { name: 'c', secret: { secretName: 'x', defaultMode: 0o400 } },
    { name: 'd', hostPath: { path: '/x', type: '' } },
    { name: 'e', projected: { defaultMode: 420, sources: [
      { serviceAccountToken: { path: 't', expirationSeconds: 3600 } }, { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } }] } },
    ] } },
    { name: 'f', downwardAPI: { defaultMode: 420 } }, { name: 'g', emptyDir: { sizeLimit: '512Mi' } },
  ])
})

test('the service account is found under its old and its new name', () => {
  for (const given of [{ serviceAccount: 'x' }, { serviceAccountName: 'x' }, { serviceAccountName: 'x', serviceAccount: 'y' }]) {
    const pod = samplePod(given)
    defaultPod(pod)
    assert.deepEqual([pod.spec?.serviceAccountName, pod.spec?.serviceAccount], ['x', 'x'])
  }
})

test('the tag of an image', () => {
  const check = (image: string, tag: string, policy: string): void => assert.deepEqual([imageTag(image), defaultPullPolicy(image)], [tag, policy])
  check('web', 'latest', 'Always')
  check('web:latest', 'latest', 'Always')
  check('web:1.2', '1.2', 'IfNotPresent')
  check('registry:5000/web', 'latest', 'Always')
  check('registry:5000/a/web:3', '3', 'IfNotPresent')
  check('web@sha256:abc', '', 'IfNotPresent')
  check('web:1@sha256:abc', '1', 'IfNotPresent')
})

test('quality of service', () => {
  const check = (expected: string, ...containers: Container['resources'][]): void => {
    const spec = { containers: containers.map((resources) => sampleContainer(resources === undefined ? {} : { resources })) }
    assert.equal(qualityOfService(spec), expected)
  }
  const both = { cpu: '1', memory: '1Gi' }
  check('BestEffort', undefined, {})
  check('BestEffort', { requests: { cpu: '0' } })
  check('BestEffort', { limits: { 'ephemeral-storage': '1Gi' } })
  check('Guaranteed', { limits: both })
  check('Guaranteed', { limits: both, requests: { cpu: '1000m', memory: '1024Mi' } })
  check('Burstable', { limits: both }, {})
  check('Burstable', { limits: both, requests: { cpu: '500m' } })
  check('Burstable', { requests: { cpu: '1m' } })
})

test('what creating a pod decides', () => {
  const pod = created(pods, { ...samplePod({ hostUsers: false, containers: [sampleContainer({ securityContext: { procMount: 'Unmasked' } })] }), status: { phase: 'Running', podIP: '10.0.0.1' } })
  assert.deepEqual(pod.status, { phase: 'Pending', qosClass: 'BestEffort' })
  assert.ok(!('hostUsers' in (pod.spec ?? {})))
  assert.deepEqual(pod.spec?.containers[0]?.securityContext, { procMount: 'Default' })
  const gated = created(pods, samplePod({ schedulingGates: [{ name: 'example.com/wait' }] }))
  assert.deepEqual(gated.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]), [['PodScheduled', 'False', 'SchedulingGated']])
})

test('label keys of affinities become requirements with the values of the pod', () => {
  const term = { topologyKey: 'host', labelSelector: { matchLabels: { app: 'web' } }, matchLabelKeys: ['hash', 'absent'], mismatchLabelKeys: ['tenant'] }
  const pod = created(pods, {
    ...samplePod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }),
    metadata: { name: 'a', namespace: 'default', labels: { hash: 'x1', tenant: 't' } },
  })
  assert.deepEqual(pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.[0]?.labelSelector, {
    matchLabels: { app: 'web' }, matchExpressions: [{ key: 'hash', operator: 'In', values: ['x1'] }, { key: 'tenant', operator: 'NotIn', values: ['t'] }],
  })
})

test('grace periods of deletions', () => {
  const grace = (spec: Partial<PodSpec>, phase: string, requested?: number): Integer | undefined => (
    pods.deletionGraceSeconds?.({ ...samplePod(spec), status: { phase } }, requested)
  )
  assert.equal(grace({}, 'Pending'), 0)
  assert.equal(grace({ nodeName: 'n' }, 'Running'), 30)
  assert.equal(grace({ nodeName: 'n', terminationGracePeriodSeconds: 5 }, 'Running'), 5)
  assert.equal(grace({ nodeName: 'n', terminationGracePeriodSeconds: 5 }, 'Running', 7), 7)
  assert.equal(grace({ nodeName: 'n' }, 'Running', 0), 0)
  assert.equal(grace({ nodeName: 'n' }, 'Running', -1), 1)
  assert.equal(grace({ nodeName: 'n' }, 'Succeeded', 7), 0)
})

test('updates keep the status, status updates keep the spec', () => {
  const old = created(pods, samplePod({ nodeName: 'n' }))
  const draft = { ...copyJson(old), status: { phase: 'Failed' } }
  pods.prepareForUpdate(draft, old, context)
  assert.deepEqual(draft.status, old.status)
  const written = { ...copyJson(old), spec: { containers: [] }, status: { phase: 'Running' } }
  pods.status?.prepareForUpdate(written, old, context)
  assert.deepEqual([written.spec, written.status], [old.spec, { phase: 'Running', qosClass: 'BestEffort' }])
})
