import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, Pod, PodSpec } from '../resources/generated/types.ts'
import { qualityOfService } from '../resources/kinds/pod/quality-of-service.ts'
import { toBase64, utf8 } from '../words/bytes.ts'
import { formatDuration } from './back-off.ts'
import { containerConfig, sandboxConfig } from './container-config.ts'
import { containerMounts } from './container-mounts.ts'
import { imageCredentials } from './image-credentials.ts'
import type { NodeSettings } from './node-settings.ts'
import { hostsFile, podHostname, podResolver } from './pod-names.ts'
import { oomScoreAdjustment, podCgroup, podLimits } from './resources.ts'
import { rootProblem } from './security.ts'
import { FakeVolumes } from '../simulation/fake-volumes.ts'

const GIB = 2 ** 30
const settings: NodeSettings = {
  nodeName: 'n1', cluster: { domain: 'cluster.local', dnsServers: ['10.96.0.10'] }, cgroupRoot: '/lotse', logDirectory: '/logs', seccompDirectory: '/seccomp',
  kubeletPort: 10250, maxPods: 110, labels: {}, version: 'v1.32.0',
}
const host = { servers: ['192.0.2.53'], searches: ['example.org'], options: ['rotate'] }

function pod(spec: Partial<PodSpec>, containers: Container[] = [{ name: 'web' }]): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ns', uid: 'u' }, spec: { containers, ...spec } }
}

function sized(cpu: string | undefined, memory: string | undefined, limits = false): Container {
  const amounts = { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) }
  return { name: 'web', resources: limits ? { limits: amounts, requests: amounts } : { requests: amounts } }
}

test('quality of service, OOM score, cgroup', () => {
  const check = (container: Container, quality: string, score: number, cgroup: string): void => {
    const one = pod({}, [container])
    assert.deepEqual([qualityOfService(one.spec), oomScoreAdjustment(one, container, 4 * GIB), podCgroup('/lotse', one)], [quality, score, cgroup])
  }
  check({ name: 'web' }, 'BestEffort', 1000, '/lotse/kubepods/besteffort/podu')
  check(sized('0', '0Mi'), 'BestEffort', 1000, '/lotse/kubepods/besteffort/podu')
  check(sized('100m', '1Gi', true), 'Guaranteed', -997, '/lotse/kubepods/podu')
  check(sized('100m', '1Gi'), 'Burstable', 750, '/lotse/kubepods/burstable/podu')
  check(sized('100m', undefined), 'Burstable', 999, '/lotse/kubepods/burstable/podu')
  check(sized(undefined, '4Gi'), 'Burstable', 3, '/lotse/kubepods/burstable/podu')
})

test('limits of the pod: the most that runs at one time', () => {
  const limited = sized('500m', '64Mi', true)
  assert.deepEqual(podLimits(pod({}, [limited, limited])), { cpuShares: 1024, cpuQuotaMicros: 100_000, cpuPeriodMicros: 100_000, memoryLimitBytes: 134_217_728 })
  assert.deepEqual(podLimits(pod({}, [limited, { name: 'free' }])), { cpuShares: 512, cpuQuotaMicros: 0, cpuPeriodMicros: 100_000, memoryLimitBytes: 0 })
  const sidecar: Container = { ...limited, restartPolicy: 'Always' }
  assert.equal(podLimits(pod({ initContainers: [sidecar, sized('2', '1Gi', true)] }, [limited])).cpuQuotaMicros, 250_000)
  assert.equal(podLimits(pod({}, [sized('1m', '1Mi', true)])).cpuQuotaMicros, 1000)
})

test('security contexts: the container over the pod', () => {
  const container: Container = {
    name: 'web', command: ['/bin/$(NAME)'], args: ['$$(NAME)'],
    securityContext: { runAsUser: 1000, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] }, readOnlyRootFilesystem: true, seccompProfile: { type: 'Localhost', localhostProfile: 'a.json' } },
  }
  const one = pod({ securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4], seccompProfile: { type: 'RuntimeDefault' } } }, [container])
  const sandbox = sandboxConfig(one, 0, settings, host)
  const config = containerConfig({ pod: one, container, attempt: 2, sandboxId: 's', sandbox, environment: [{ name: 'NAME', value: 'x' }], mounts: [], settings, nodeMemoryBytes: GIB, targetContainerId: '' })
  assert.deepEqual(config.security, {
    privileged: false, runAsUser: 1000, runAsGroup: 2, supplementalGroups: [4, 3], readOnlyRootFilesystem: true, noNewPrivileges: true,
    addCapabilities: ['NET_BIND_SERVICE'], dropCapabilities: ['ALL'], seccomp: { type: 'localhost', path: '/seccomp/a.json' }, procMount: 'default',
  })
  assert.deepEqual([config.command, config.arguments, config.logPath], [['/bin/x'], ['$(NAME)'], 'web/2.log'])
  assert.deepEqual([sandbox.logDirectory, sandbox.hostname, sandbox.security.seccomp.type, sandbox.security.runAsUser], ['/logs/ns_p_u', 'p', 'runtime-default', 1])
})

test('runAsNonRoot', () => {
  const check = (own: Container['securityContext'], user: number | string | undefined, expected: string | undefined): void =>
    assert.equal(rootProblem(pod({ securityContext: { runAsNonRoot: true } }), { name: 'web', ...(own === undefined ? {} : { securityContext: own }) }, user), expected)
  const where = '(pod: "p_ns(u)", container: web)'
  check(undefined, 1000, undefined)
  check(undefined, '1000', undefined)
  check({ runAsUser: 5 }, 0, undefined)
  check({ runAsNonRoot: false }, 0, undefined)
  check(undefined, 0, `container has runAsNonRoot and image will run as root ${where}`)
  check(undefined, undefined, `container has runAsNonRoot and image will run as root ${where}`)
  check(undefined, 'nginx', `container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root ${where}`)
  check({ runAsUser: 0 }, 1000, `container's runAsUser breaks non-root policy ${where}`)
})

test('names: host name, resolver, hosts file', () => {
  assert.equal(podHostname(pod({}), settings.cluster), 'p')
  assert.equal(podHostname(pod({ hostname: 'h', subdomain: 'db', setHostnameAsFQDN: true }), settings.cluster), 'h.db.ns.svc.cluster.local')
  const cluster = { servers: ['10.96.0.10'], searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.org'], options: ['ndots:5'] }
  const check = (spec: Partial<PodSpec>, expected: object): void => assert.deepEqual(podResolver(pod(spec), settings.cluster, host), expected)
  check({}, cluster)
  check({ hostNetwork: true }, host)
  check({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, cluster)
  check({ dnsPolicy: 'Default' }, host)
  check({ dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: ['x'], options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }] } }, { servers: ['1.1.1.1'], searches: ['x'], options: ['ndots:2', 'rotate'] })
  check({ dnsConfig: { options: [{ name: 'ndots', value: '1' }] } }, { ...cluster, options: ['ndots:1'] })
  const hosts = hostsFile(pod({ hostname: 'h', subdomain: 'db', hostAliases: [{ ip: '192.0.2.9', hostnames: ['a', 'b'] }] }), settings.cluster, ['10.0.0.2'], '')
  assert.ok(hosts.startsWith('# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n'))
  assert.ok(hosts.endsWith('\n10.0.0.2\th.db.ns.svc.cluster.local\th\n\n# Entries added by HostAliases.\n192.0.2.9\ta\tb\n'))
})

test('mounts', async () => {
  const container: Container = {
    name: 'web',
    volumeMounts: [
      { name: 'data', mountPath: '/data', subPathExpr: '$(NAME)/x', readOnly: true }, { name: 'conf', mountPath: '/conf' },
      { name: 'data', mountPath: '/shared', mountPropagation: 'Bidirectional' },
    ],
  }
  const one = pod({ volumes: [{ name: 'data', emptyDir: {} }, { name: 'conf', configMap: { name: 'c' } }] }, [container])
  const mountsWith = (environment: { name: string; value: string }[], changed: Container = container): Promise<object[]> => containerMounts({
    pod: one, container: changed, attempt: 1, volumePaths: new Map([['data', '/v/data'], ['conf', '/v/conf']]), environment, addresses: [], cluster: settings.cluster, host: new FakeVolumes(),
  })
  assert.deepEqual(await mountsWith([{ name: 'NAME', value: 'n' }]), [
    { containerPath: '/data', hostPath: '/pods/u/volume-subpaths/data/web/0', readOnly: true, propagation: 'private' },
    { containerPath: '/conf', hostPath: '/v/conf', readOnly: true, propagation: 'private' },
    { containerPath: '/shared', hostPath: '/v/data', readOnly: false, propagation: 'bidirectional' },
    { containerPath: '/etc/hosts', hostPath: '/pods/u/etc-hosts', readOnly: false, propagation: 'private' },
    { containerPath: '/dev/termination-log', hostPath: '/pods/u/containers/web/1', readOnly: false, propagation: 'private' },
  ])
  await assert.rejects(mountsWith([]), /missing value for "NAME" in subPathExpr/)
  await assert.rejects(mountsWith([{ name: 'NAME', value: '..' }]), /must not contain '\.\.'/)
  await assert.rejects(mountsWith([], { name: 'web', volumeMounts: [{ name: 'none', mountPath: '/x' }] }), /cannot find volume "none"/)
})

test('credentials go to the registry that they are for', () => {
  const secret = (auths: object): Parameters<typeof imageCredentials>[1][number] => ({
    apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { '.dockerconfigjson': toBase64(utf8(JSON.stringify({ auths }))) },
  })
  const secrets = [secret({
    'https://index.docker.io/v1/': { username: 'hub', password: 'p' }, 'reg.example': { auth: toBase64(utf8('all:p:q')) }, 'reg.example/team': { username: 'team', password: 'p' },
    '*.wild.example': { username: 'wild', password: 'p' },
  }), undefined]
  const check = (image: string, expected: string[]): void => assert.deepEqual(imageCredentials(image, secrets).map(({ userName }) => userName), expected, image)
  check('nginx', ['hub'])
  check('library/nginx:1', ['hub'])
  check('reg.example/web', ['all'])
  check('reg.example/team/web@sha256:1', ['team', 'all'])
  check('eu.wild.example/x', ['wild'])
  check('a.eu.wild.example/x', [])
  check('localhost:5000/x', [])
  assert.deepEqual(imageCredentials('reg.example/x', secrets), [{ userName: 'all', password: 'p:q' }])
})

test('durations', () => {
  const check = (durationMs: number, expected: string): void => assert.equal(formatDuration(durationMs), expected)
  check(0, '0s')
  check(250, '250ms')
  check(1500, '1.5s')
  check(10_000, '10s')
  check(160_000, '2m40s')
  check(300_000, '5m0s')
  check(3_661_000, '1h1m1s')
})
