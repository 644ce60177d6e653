import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samplePod } from '../../sample-objects.testing.ts'
import { samplePodTemplate } from '../../sample-workloads.testing.ts'
import { created, createChecks, changed } from '../checking.testing.ts'
import { podTemplates } from '../pod-template.ts'
import { pods } from './pod.ts'

const check = createChecks(pods, samplePod)

test('the operating system of a pod', () => {
  check({ 'spec.os': {} }, 'spec.os.name: Required value: cannot be empty')
  check({ 'spec.os.name': 'plan9' }, 'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"')
  check({ 'spec.os.name': 'linux', 'spec.containers[0].securityContext.windowsOptions': {} },
    'spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod')
  check({ 'spec.os.name': 'windows', 'spec.hostPID': true, 'spec.securityContext.runAsUser': 1, 'spec.containers[0].securityContext.privileged': true },
    'spec.hostPID: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod')
})

test('claims of a pod for devices', () => {
  const path = 'spec.resourceClaims'
  const used = 'spec.containers[0].resources.claims'
  const claim = { name: 'gpu', resourceClaimName: 'shared' }
  check({ [path]: [claim], [used]: [{ name: 'gpu' }] })
  check({ [path]: [claim, claim] }, `${path}[1].name: Duplicate value: "gpu"`)
  check({ [path]: [{ resourceClaimName: 'x' }] }, `${path}[0].name: Required value`)
  check({ [path]: [{ name: 'gpu' }] }, `${path}[0]: Invalid value: {"name":"gpu"}: must specify one of: \`resourceClaimName\`, \`resourceClaimTemplateName\``)
  check({ [path]: [{ ...claim, resourceClaimTemplateName: 'x' }] },
    `${path}[0]: Invalid value: {"name":"gpu","resourceClaimName":"shared","resourceClaimTemplateName":"x"}: ` +
    'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified')
  check({ [path]: [claim], [used]: [{ name: 'gpu' }, { name: 'gpu' }, { name: 'nic' }, {}] },
    `${used}[1]: Duplicate value: "gpu"`, `${used}[2]: Not found: "nic": must be one of the names in pod.spec.resourceClaims: gpu`, `${used}[3]: Required value`)
  check({ [used]: [{ name: 'gpu' }] }, `${used}[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty`)
  check({ [path]: [claim], [used]: [{ name: 'gpu', request: 'a' }, { name: 'gpu', request: 'a' }] }, `${used}[1]: Duplicate value: "gpu/a"`)
  check({ [path]: [claim], [used]: [{ name: 'gpu', request: 'a' }, { name: 'gpu' }] }, `${used}[1]: Duplicate value: "gpu"`)
  const pod = created(pods, changed(samplePod(), { [path]: [claim], [used]: [{ name: 'gpu' }] }))
  assert.deepEqual([pod.spec?.resourceClaims, pod.spec?.containers[0]?.resources], [[claim], { claims: [{ name: 'gpu' }] }])
})

test('claims that are made for a pod', () => {
  const path = 'spec.volumes[0].ephemeral.volumeClaimTemplate'
  const volume = (template: object): object => ({ 'spec.volumes': [{ name: 'scratch', ephemeral: { volumeClaimTemplate: template } }] })
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  check({ ...volume({ metadata: { labels: { a: 'b' } }, spec }) })
  check({ ...volume({ metadata: { name: 'mine' }, spec }) }, `${path}.metadata.name: Forbidden: cannot be set`)
  check({ ...volume({ spec: {} }) }, `${path}.spec.accessModes: Required value: at least 1 access mode is required`,
    `${path}.spec.resources[storage]: Required value`)
  check({ ...volume({ spec: { ...spec, accessModes: ['Any'], storageClassName: 'A_b' } }) },
    `${path}.spec.accessModes: Unsupported value: "Any": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"`,
    `${path}.spec.storageClassName: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, ` +
    "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
})

test('a kernel parameter without a value has the empty one', () => {
  const pod = created(pods, changed(samplePod(), { 'spec.securityContext.sysctls': [{ name: 'kernel.shm_rmid_forced' }] }))
  assert.deepEqual(pod.spec?.securityContext?.sysctls, [{ name: 'kernel.shm_rmid_forced', value: '' }])
})

test('windows options', () => {
  const path = 'spec.containers[0].securityContext.windowsOptions'
  const user = (name: string, ...details: string[]): void => check({ [`${path}.runAsUserName`]: name },
    ...details.map((detail) => `${path}.runAsUserName: Invalid value: ${JSON.stringify(name)}: runAsUserName${detail}`))
  user('DOMAIN\\user')
  user('my.domain.example\\user')
  user('', ' cannot be an empty string')
  user('a\tb', ' cannot contain control characters')
  user('a\\b\\c', ' cannot contain more than one backslash')
  user('.\\user', "'s Domain doesn't match the NetBios nor the DNS format")
  user('DOMAIN\\', "'s User cannot be empty")
  user('...', "'s User cannot contain only periods or spaces")
  user('a*b', '\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
  check({ [`${path}.gmsaCredentialSpec`]: '' }, `${path}.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string`)
  check({ [`${path}.hostProcess`]: true }, 'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers')
  const two = { 'spec.hostNetwork': true, 'spec.initContainers': [{ name: 'i', image: 'i' }] }
  check({ ...two, [`${path}.hostProcess`]: true },
    'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers')
  check({ ...two, 'spec.securityContext.windowsOptions.hostProcess': true })
  check({ ...two, 'spec.securityContext.windowsOptions.hostProcess': true, [`${path}.hostProcess`]: false },
    `${path}.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true`,
    'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers')
})

test('fields of features that are off are dropped', () => {
  const volumes = [
    { name: 'image', image: { reference: 'web:1' } }, { name: 'trust', projected: { sources: [{ clusterTrustBundle: { name: 'a', path: 'ca.pem' } }] } },
  ]
  const mounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }))
  const { spec } = created(pods, changed(samplePod(), { 'spec.volumes': volumes, 'spec.containers[0].volumeMounts': mounts, 'spec.resources': {} }))
  assert.deepEqual([spec?.volumes, spec?.containers[0]?.volumeMounts, spec?.resources],
    [[{ name: 'trust', projected: { defaultMode: 420, sources: [{}] } }], mounts.slice(1), undefined])
  const template = { ...samplePodTemplate().template, spec: { ...samplePod().spec, hostUsers: false, containers: samplePod().spec?.containers ?? [] } }
  assert.equal(created(podTemplates, { ...samplePodTemplate(), template }).template?.spec?.hostUsers, undefined)
})
