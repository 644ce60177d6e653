import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, Pod, PodSpec } from '../../resources/generated/types.ts'
import { checksOf } from './checks.ts'
import { detailText, reasonText, violationsOf } from './evaluate.ts'
import { existingPodWarnings } from './existing-pods.ts'
import { makesPods, templateOf } from './pod-template-of.ts'
import { isSignificantUpdate } from './significant-update.ts'
import { openPolicy, parseVersion, policyOf, standardText } from './standard.ts'
import type { Level, Version } from './standard.ts'

type Security = NonNullable<Container['securityContext']>

const container = (name: string, securityContext?: Security, more: Partial<Container> = {}): Container =>
  ({ name, image: 'i', ...(securityContext === undefined ? {} : { securityContext }), ...more })
const pod = (spec: Partial<PodSpec>, annotations: Record<string, string> = {}): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', annotations }, spec: { containers: [container('a')], ...spec } })

/** What every restricted container says. */
const HARDENED: Security = {
  allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' },
}

function textOf(level: Level, version: Version, { metadata, spec }: Pod): string {
  return spec === undefined ? '' : detailText(violationsOf({ level, version }, { metadata, spec }))
}

test('what baseline refuses', () => {
  const unconfined = { type: 'Unconfined' }
  const table: [string, Pod, string][] = [
    ['nothing', pod({}), ''],
    ['host namespaces', pod({ hostNetwork: true, hostPID: true, hostIPC: true }), 'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)'],
    ['one volume', pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), 'hostPath volumes (volume "v")'],
    ['two volumes', pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }, { name: 'w', hostPath: { path: '/' } }] }), 'hostPath volumes (volumes "v", "w")'],
    ['a port', pod({ containers: [container('a', undefined, { ports: [{ containerPort: 1, hostPort: 80 }, { containerPort: 2, hostPort: 0 }] })] }), 'hostPort (container "a" uses hostPort 80)'],
    [
      'ports', pod({ initContainers: [container('i', undefined, { ports: [{ containerPort: 1, hostPort: 9 }] })], containers: [container('a', undefined, { ports: [{ containerPort: 1, hostPort: 80 }] })] }),
      'hostPort (containers "i", "a" use hostPorts 80, 9)',
    ],
    ['privileged', pod({ containers: [container('a', { privileged: true }), container('b', { privileged: false })] }), 'privileged (container "a" must not set securityContext.privileged=true)'],
    ['debug container', pod({ ephemeralContainers: [{ name: 'd', securityContext: { privileged: true } }] }), 'privileged (container "d" must not set securityContext.privileged=true)'],
    [
      'host process', pod({ securityContext: { windowsOptions: { hostProcess: true } }, containers: [container('a', { windowsOptions: { hostProcess: true } })] }),
      'hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)',
    ],
    ['proc', pod({ containers: [container('a', { procMount: 'Unmasked' })] }), 'procMount (container "a" must not set securityContext.procMount to "Unmasked")'],
    [
      'capabilities', pod({ containers: [container('a', { capabilities: { add: ['SYS_ADMIN', 'CHOWN', 'NET_RAW'] } }), container('b', { capabilities: { add: ['KILL'] } })] }),
      'non-default capabilities (container "a" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
    ],
    ['apparmor field', pod({ securityContext: { appArmorProfile: unconfined } }), 'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")'],
    [
      'apparmor everywhere',
      pod({ containers: [container('a', { appArmorProfile: unconfined })] }, { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined', 'container.apparmor.security.beta.kubernetes.io/b': 'localhost/x' }),
      'forbidden AppArmor profiles (container "a" and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/a=\\"unconfined\\"")',
    ],
    ['seccomp', pod({ securityContext: { seccompProfile: unconfined }, containers: [container('a', { seccompProfile: unconfined })] }), 'seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "Unconfined")'],
    [
      'selinux', pod({ securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u', role: 'r' } }, containers: [container('a', { seLinuxOptions: { type: 'container_engine_t' } })] }),
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
    ],
    ['sysctls', pod({ securityContext: { sysctls: [{ name: 'kernel.shmmax', value: '1' }, { name: 'net.ipv4.tcp_rmem', value: '1' }] } }), 'forbidden sysctls (kernel.shmmax)'],
  ]
  for (const [name, given, expected] of table) assert.equal(textOf('baseline', 'latest', given), expected, name)
})

test('what restricted asks for', () => {
  const all = 'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), '
    + 'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), '
    + 'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), '
    + 'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
  const hardened = (more: Partial<PodSpec>, security: Security = {}): Pod => pod({ containers: [container('a', { ...HARDENED, ...security })], ...more })
  const ofPod: Partial<PodSpec> = { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'Localhost', localhostProfile: 'x' } } }
  const table: [string, Pod, string][] = [
    ['a plain pod', pod({}), all],
    ['a hardened one', hardened({}), ''],
    ['by the pod', pod({ ...ofPod, containers: [container('a', { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } })] }), ''],
    ['root', hardened({ securityContext: { runAsUser: 0 } }, { runAsUser: 0 }), 'runAsUser=0 (pod and container "a" must not set runAsUser=0)'],
    ['says root', hardened({ securityContext: { runAsNonRoot: false } }), 'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)'],
    ['capability', hardened({}, { capabilities: { drop: ['ALL'], add: ['CHOWN'] } }), 'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)'],
    [
      'both about capabilities', hardened({}, { capabilities: { add: ['CHOWN'] } }),
      'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
    ['volumes', hardened({ volumes: [{ name: 'v', hostPath: { path: '/' } }, { name: 'e', emptyDir: {} }] }), 'restricted volume types (volume "v" uses restricted volume type "hostPath")'],
    ['more volumes', hardened({ volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }, { name: 'w', image: {} }] }), 'restricted volume types (volumes "v", "w" use restricted volume types "nfs", "unknown")'],
    ['baseline first', hardened({ hostPID: true }, { runAsNonRoot: false }), 'host namespaces (hostPID=true), runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)'],
    ['windows', pod({ os: { name: 'windows' }, securityContext: { runAsNonRoot: true } }), ''],
  ]
  for (const [name, given, expected] of table) assert.equal(textOf('restricted', 'latest', given), expected, name)
})

test('standards of the past', () => {
  const counts: [Level, Version, number][] = [
    ['privileged', 'latest', 0], ['baseline', 0, 11], ['baseline', 'latest', 11], ['restricted', 0, 12], ['restricted', 8, 13], ['restricted', 18, 13],
    ['restricted', 19, 13], ['restricted', 22, 13], ['restricted', 23, 14], ['restricted', 'latest', 14], ['restricted', 33, 14], ['restricted', 34, 15], ['restricted', 99, 15],
  ]
  for (const [level, version, expected] of counts) assert.equal(checksOf({ level, version }).length, expected, `${level} ${version}`)
  const table: [Level, Version, Pod, string][] = [
    ['restricted', 7, pod({}), 'runAsNonRoot'],
    ['restricted', 8, pod({}), 'allowPrivilegeEscalation != false, runAsNonRoot'],
    ['restricted', 19, pod({}), 'allowPrivilegeEscalation != false, runAsNonRoot, seccompProfile'],
    ['restricted', 24, pod({ os: { name: 'windows' } }), 'allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot, seccompProfile'],
    ['restricted', 25, pod({ os: { name: 'windows' } }), 'runAsNonRoot'],
    ['restricted', 22, pod({ containers: [container('a', { ...HARDENED, runAsUser: 0 })] }), ''],
    ['restricted', 23, pod({ containers: [container('a', { ...HARDENED, runAsUser: 0 })] }), 'runAsUser=0'],
    ['baseline', 30, pod({ securityContext: { seLinuxOptions: { type: 'container_engine_t' } } }), 'seLinuxOptions'],
    ['baseline', 31, pod({ securityContext: { seLinuxOptions: { type: 'container_engine_t' } } }), ''],
    ['baseline', 26, pod({ securityContext: { sysctls: [{ name: 'net.ipv4.ip_local_reserved_ports', value: '' }] } }), 'forbidden sysctls'],
    ['baseline', 28, pod({ securityContext: { sysctls: [{ name: 'net.ipv4.ip_local_reserved_ports', value: '' }] } }), ''],
    ['baseline', 28, pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_fin_timeout', value: '' }] } }), 'forbidden sysctls'],
    ['baseline', 31, pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_wmem', value: '' }] } }), 'forbidden sysctls'],
    ['baseline', 32, pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_wmem', value: '' }] } }), ''],
    ['baseline', 18, pod({}, { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' }), 'seccompProfile'],
    ['baseline', 18, pod({}, { 'container.seccomp.security.alpha.kubernetes.io/a': 'docker/default' }), ''],
    ['baseline', 19, pod({}, { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' }), ''],
    ['baseline', 18, pod({ securityContext: { seccompProfile: { type: 'Unconfined' } } }), ''],
    ['baseline', 33, pod({ containers: [container('a', undefined, { livenessProbe: { tcpSocket: { host: 'h', port: 1 } } })] }), ''],
    ['baseline', 'latest', pod({ containers: [container('a', undefined, { livenessProbe: { tcpSocket: { host: 'h', port: 1 } } })] }), ''],
    ['baseline', 34, pod({ containers: [container('a', undefined, { lifecycle: { preStop: { httpGet: { port: 1, host: '' } } } })] }), ''],
    ['baseline', 34, pod({ hostUsers: false, containers: [container('a', { procMount: 'Unmasked' })] }), 'procMount'],
    ['baseline', 35, pod({ hostUsers: false, containers: [container('a', { procMount: 'Unmasked' })] }), ''],
    ['restricted', 35, pod({ hostUsers: false, containers: [container('a', { ...HARDENED, procMount: 'Unmasked' })] }), 'procMount'],
  ]
  for (const [level, version, { metadata, spec }, expected] of table) {
    const text = spec === undefined ? '' : reasonText(violationsOf({ level, version }, { metadata, spec }))
    assert.equal(text.replaceAll('runAsNonRoot != true', 'runAsNonRoot'), expected, `${level} ${version}`)
  }
  assert.equal(textOf('baseline', 18, pod({}, { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' })), 'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")')
  const calling = pod({
    initContainers: [container('i', undefined, { startupProbe: { httpGet: { port: 1, host: 'b' } } })],
    containers: [container('a', undefined, { readinessProbe: { tcpSocket: { port: 1, host: 'a' } }, lifecycle: { postStart: { tcpSocket: { port: 1, host: 'b' } } } })],
  })
  assert.equal(textOf('baseline', 34, calling), 'probe or lifecycle host (containers "a", "i" use probe or lifecycle hosts "a", "b")')
})

test('labels of a namespace', () => {
  const read = (labels: Record<string, string>) => {
    const named = Object.fromEntries(Object.entries(labels).map(([name, value]) => [`pod-security.kubernetes.io/${name}`, value]))
    const { policy, errors } = policyOf(named)
    return [...Object.values(policy).map(standardText), ...errors.map(({ field, message }) => `${field.replace('pod-security.kubernetes.io/', '')}: ${message}`)].join('; ')
  }
  const open = 'privileged:latest'
  assert.equal(read({}), `${open}; ${open}; ${open}`)
  assert.equal(policyOf({ app: 'x' }).policy, openPolicy)
  assert.equal(read({ enforce: 'baseline', 'enforce-version': 'v1.25', warn: 'restricted' }), `baseline:v1.25; ${open}; restricted:latest`)
  assert.equal(read({ enforce: 'strict' }), `restricted:latest; ${open}; ${open}; metadata.labels[enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`)
  assert.equal(read({ warn: 'strict' }), `${open}; ${open}; ${open}; metadata.labels[warn]: Invalid value: "strict": must be one of privileged, baseline, restricted`)
  assert.equal(read({ 'audit-version': '1.2' }), `${open}; ${open}; ${open}; metadata.labels[audit-version]: Invalid value: "1.2": must be "latest" or "v1.x"`)
  const versions: [string, Version | undefined][] = [['latest', 'latest'], ['v1.0', 0], ['v1.32', 32], ['v1.032', undefined], ['v2.1', undefined], ['1.2', undefined], ['v1.x', undefined]]
  for (const [text, expected] of versions) assert.equal(parseVersion(text), expected, text)
})

test('pods that are there already', () => {
  const named = (name: string, spec: Partial<PodSpec>, owner?: string): Pod => {
    const given = pod(spec)
    const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }]
    return { ...given, metadata: { name, ownerReferences } }
  }
  const baseline = { level: 'baseline', version: 'latest' } as const
  assert.deepEqual(existingPodWarnings('shop', baseline, [named('a', {})]), [])
  assert.deepEqual(existingPodWarnings('shop', baseline, [
    named('web-2', { hostPID: true }, 'web'), named('web-1', { hostPID: true }, 'web'), named('web-3', { hostPID: true }, 'web'), named('b', { hostNetwork: true, hostPID: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
    named('a', { hostIPC: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] }), named('fine', {}),
  ]), [
    'existing pods in namespace "shop" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 1 other pod): host namespaces, hostPath volumes',
    'web-1 (and 2 other pods): host namespaces',
  ])
  const many = Array.from({ length: 3001 }, (_, index) => named(`p${index}`, {}))
  assert.deepEqual(existingPodWarnings('shop', baseline, many), ['new PodSecurity enforce level only checked against the first 3000 of 3001 existing pods'])
})

test('which updates and which kinds are looked at', () => {
  const old = pod({ containers: [container('a')] })
  const image = pod({ containers: [{ ...container('a'), image: 'other' }] })
  const debugged = pod({ containers: [container('a')], ephemeralContainers: [{ name: 'd', image: 'i' }] })
  assert.deepEqual([image, debugged, pod({}), pod({ activeDeadlineSeconds: 5 })].map((next) => isSignificantUpdate(next, old)), [true, true, false, false])
  assert.equal(isSignificantUpdate(debugged, debugged), false)
  const template = { metadata: {}, spec: { containers: [] } }
  const makers: [string, string, object][] = [
    ['', 'podtemplates', { template }], ['', 'replicationcontrollers', { spec: { template } }], ['apps', 'deployments', { spec: { template } }],
    ['apps', 'daemonsets', { spec: { template } }], ['batch', 'jobs', { spec: { template } }], ['batch', 'cronjobs', { spec: { jobTemplate: { spec: { template } } } }],
  ]
  for (const [group, plural, object] of makers) {
    assert.equal(makesPods({ group, plural }), true, plural)
    assert.deepEqual(templateOf({ group, plural }, { apiVersion: '', kind: '', metadata: {}, ...object }), template, plural)
  }
  assert.equal(makesPods({ group: 'example.com', plural: 'deployments' }), false)
})
