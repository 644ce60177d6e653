import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, Pod, PodSpec } from '../../resources/generated/types.ts'
import { detailText, reasonText, violationsOf } from './evaluate.ts'
import { existingPodWarnings } from './existing-pods.ts'
import { makesPods, templateOf } from './pod-template-of.ts'
import { isSignificantUpdate } from './significant-update.ts'
import { compareLevels, isOpen, labelledStandards, openPolicy, parseVersion, policyOf, sameStandard } from './standard.ts'
import type { Level, Standard, Version } from './standard.ts'

type Security = NonNullable<Container['securityContext']>

const pod = (spec: Partial<PodSpec>, annotations: Record<string, string> = {}): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', annotations }, spec: { containers: [{ name: 'a', image: 'i' }], ...spec } })
const secured = (securityContext: Security): Pod => pod({ containers: [{ name: 'a', image: 'i', securityContext }] })
const HARDENED: Security = {
  allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' },
}

function ask(level: Level, version: Version, { metadata, spec }: Pod): string {
  return spec === undefined ? '' : reasonText(violationsOf({ level, version }, { metadata, spec }))
}

test('the names that baseline allows, each of them and no other', () => {
  const usual = 'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'
  for (const name of usual.split(' ')) assert.equal(ask('baseline', 'latest', secured({ capabilities: { add: [name] } })), '', name)
  for (const name of ['NET_RAW', 'SYS_ADMIN', 'ALL', 'CAP_CHOWN', 'chown', '']) {
    assert.equal(ask('baseline', 'latest', secured({ capabilities: { add: [name] } })), 'non-default capabilities', name)
  }
  for (const type of ['', 'container_t', 'container_init_t', 'container_kvm_t']) {
    assert.equal(ask('baseline', 0, secured({ seLinuxOptions: { type } })), '', type)
  }
  const sysctls: [since: number, names: string][] = [
    [0, 'kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_unprivileged_port_start net.ipv4.ping_group_range net.ipv4.tcp_syncookies'],
    [27, 'net.ipv4.ip_local_reserved_ports'],
    [29, 'net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_keepalive_time'],
    [32, 'net.ipv4.tcp_rmem net.ipv4.tcp_wmem'],
  ]
  for (const [since, names] of sysctls) {
    for (const name of names.split(' ')) {
      const given = pod({ securityContext: { sysctls: [{ name, value: '1' }] } })
      assert.equal(ask('baseline', since, given), '', `${name} at ${since}`)
      if (since > 0) assert.equal(ask('baseline', since - 1, given), 'forbidden sysctls', `${name} before ${since}`)
    }
  }
})

test('a check begins with its version and belongs to its level', () => {
  const host: Partial<PodSpec> = { volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }] }
  const silent = 'allowPrivilegeEscalation != false'
  const table: [Level, Version, Pod, string][] = [
    ['restricted', 0, pod(host), 'restricted volume types, runAsNonRoot != true'], ['baseline', 0, pod(host), ''],
    ['baseline', 'latest', pod({}), ''], ['baseline', 35, pod({}), ''],
    ['restricted', 21, pod({}), `${silent}, runAsNonRoot != true, seccompProfile`],
    ['restricted', 22, pod({}), `${silent}, unrestricted capabilities, runAsNonRoot != true, seccompProfile`],
    ['baseline', 23, secured({ runAsUser: 0 }), ''],
    // What confines nothing is no choice of a profile, at either level.
    ['restricted', 19, secured({ ...HARDENED, seccompProfile: { type: 'Unconfined' } }), 'seccompProfile'],
    ['restricted', 'latest', secured({ ...HARDENED, seccompProfile: { type: 'Unconfined' } }), 'seccompProfile'],
    ['baseline', 34, secured({ procMount: 'Unmasked' }), 'procMount'], ['baseline', 35, pod({ ...host, hostUsers: false }), ''],
    ['baseline', 18, pod({}, { 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default' }), ''],
    ['baseline', 18, pod({}, { 'seccomp.security.alpha.kubernetes.io/pod': 'localhost/profile' }), ''],
    ['baseline', 18, pod({}, { 'container.seccomp.security.alpha.kubernetes.io/a': 'unconfined' }), 'seccompProfile'],
    ['baseline', 18, pod({}, { 'container.seccomp.security.alpha.kubernetes.io/b': 'unconfined' }), ''],
  ]
  for (const [level, version, given, expected] of table) assert.equal(ask(level, version, given), expected, `${level} ${version}`)
})

test('what was set is told, and only that', () => {
  const details: [Pod, string][] = [
    [secured({ seLinuxOptions: { user: 'u' } }), 'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: user may not be set)'],
    [
      pod({ securityContext: { seLinuxOptions: { role: 'r', type: 'spc_t' } }, containers: [{ name: 'a', image: 'i', securityContext: { seLinuxOptions: { type: 'init_t' } } }] }),
      'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: types "init_t", "spc_t"; role may not be set)',
    ],
    [
      pod({}, { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined', 'container.apparmor.security.beta.kubernetes.io/b': 'off' }),
      'forbidden AppArmor profiles (annotations must not set AppArmor profile type to '
        + '"container.apparmor.security.beta.kubernetes.io/a=\\"unconfined\\"", "container.apparmor.security.beta.kubernetes.io/b=\\"off\\"")',
    ],
  ]
  for (const [{ metadata, spec }, expected] of details) {
    assert.equal(spec && detailText(violationsOf({ level: 'baseline', version: 0 }, { metadata, spec })), expected)
  }
})

test('standards are told apart', () => {
  const [b, b2, r]: Standard[] = [{ level: 'baseline', version: 'latest' }, { level: 'baseline', version: 2 }, { level: 'restricted', version: 'latest' }]
  assert.ok(b !== undefined && b2 !== undefined && r !== undefined)
  assert.deepEqual([sameStandard(b, { ...b }), sameStandard(b, b2), sameStandard(b, r)], [true, false, false])
  const order: [Level, Level, number][] = [
    ['privileged', 'baseline', -1], ['baseline', 'restricted', -1], ['restricted', 'privileged', 1], ['baseline', 'baseline', 0],
  ]
  for (const [one, other, expected] of order) assert.equal(Math.sign(compareLevels(one, other)), expected, `${one} ${other}`)
  assert.equal(isOpen(openPolicy), true)
  for (const mode of ['enforce', 'audit', 'warn'] as const) {
    assert.equal(isOpen({ ...openPolicy, [mode]: b }), false, mode)
    const labels = { [`pod-security.kubernetes.io/${mode}`]: 'baseline' }
    assert.equal(labelledStandards(labels, policyOf(labels).policy), `${mode}=baseline:latest`)
    assert.equal(labelledStandards({}, { ...openPolicy, [mode]: b }), '', 'what no label asks for')
  }
  for (const minor of [0, 1, 9, 10, 20, 32, 100]) assert.equal(parseVersion(`v1.${minor}`), minor)
})

test('templates of each kind, and updates that matter', () => {
  const spec = { containers: [{ name: 'a', image: 'i' }] }
  const held = { apiVersion: 'apps/v1', kind: 'X', metadata: { name: 'x' }, spec: { template: { spec } } }
  for (const plural of ['replicasets', 'deployments', 'statefulsets', 'daemonsets']) {
    assert.equal(makesPods({ group: 'apps', plural }), true, plural)
    assert.equal(makesPods({ group: '', plural }), false, plural)
    assert.deepEqual(templateOf({ group: 'apps', plural }, held)?.spec, spec, plural)
  }
  const debug = (image: string): Pod => pod({ ephemeralContainers: [{ name: 'd', image }] })
  const annotated = (value: string): Pod => pod({}, { 'container.seccomp.security.alpha.kubernetes.io/a': value })
  const updates: [now: Pod, before: Pod, matters: boolean][] = [
    [debug('i'), debug('i'), false], [debug('j'), debug('i'), true], [debug('i'), pod({}), true], [pod({}), pod({}), false],
    [annotated('unconfined'), annotated('runtime/default'), true], [annotated('x'), annotated('x'), false],
  ]
  for (const [now, before, expected] of updates) assert.equal(isSignificantUpdate(now, before), expected)
})

test('one pod of each controller is looked at before the others', () => {
  const owned = (name: string, uid: string | undefined, spec: Partial<PodSpec>): Pod => ({
    ...pod(spec),
    metadata: { name, ...(uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: uid, uid, controller: true }] }) },
  })
  const many = Array.from({ length: 3_000 }, (_, index) => owned(`p${index}`, 'one', {}))
  const bad = { hostPID: true }
  const standard: Standard = { level: 'baseline', version: 'latest' }
  assert.deepEqual(existingPodWarnings('n', standard, [...many, owned('free', undefined, bad), owned('other', 'two', bad)]).slice(1), [
    'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"', 'free (and 1 other pod): host namespaces',
  ])
  assert.equal(existingPodWarnings('n', standard, [owned('only', undefined, bad)])[1], 'only: host namespaces')
})
