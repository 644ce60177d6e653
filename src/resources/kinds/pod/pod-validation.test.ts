import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, Volume } from '../../generated/types.ts'
import { samplePod } from '../../sample-objects.testing.ts'
import type { Change } from '../checking.testing.ts'
import { createChecks } from '../checking.testing.ts'
import { pods } from './pod.ts'

const check = createChecks(pods, samplePod)
const checkPod = check
const LABEL = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const NAME = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

test('containers', () => {
  check({})
  check({ 'spec.containers': [] }, 'spec.containers: Required value')
  check({ spec: undefined }, 'spec.containers: Required value')
  check({ 'spec.containers[0].name': '' }, 'spec.containers[0].name: Required value')
  check({ 'spec.containers[0].name': 'A_b' }, `spec.containers[0].name: Invalid value: "A_b": ${LABEL}`)
  check({ 'spec.containers[0].image': '' }, 'spec.containers[0].image: Required value')
  check({ 'spec.containers[0].image': ' web' }, 'spec.containers[0].image: Invalid value: " web": must not have leading or trailing whitespace')
  check({ 'spec.containers[1]': { name: 'web', image: 'x' } }, 'spec.containers[1].name: Duplicate value: "web"')
  check({ 'spec.containers[0].imagePullPolicy': 'Sometimes' },
    'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"')
  check({ 'spec.containers[0].terminationMessagePolicy': 'x' },
    'spec.containers[0].terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"')
  check({ 'spec.containers[0].restartPolicy': 'Always' }, 'spec.containers[0].restartPolicy: Forbidden: may not be set for non-init containers')
})

test('the errors of a pod with many of them, in upstream\'s order', () => {
  check({
    'metadata.annotations': { 'kubernetes.io/config.mirror': 'x' }, 'spec.restartPolicy': 'Odd', 'spec.hostname': 'A', 'spec.containers[0].image': ' web',
    'spec.initContainers': [{ name: 'web', image: 'init ', resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }], lifecycle: { preStop: { exec: { command: ['x'] } } } }],
  }, 'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
    'spec.initContainers[0].name: Duplicate value: "web"',
    'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
    'spec.initContainers[0].resizePolicy: Invalid value: [{"resourceName":"cpu","restartPolicy":"NotRequired"}]: must not be set for init containers',
    'spec.restartPolicy: Unsupported value: "Odd": supported values: "Always", "OnFailure", "Never"',
    `spec.hostname: Invalid value: "A": ${LABEL}`,
    'spec.containers[0].image: Invalid value: " web": must not have leading or trailing whitespace',
    'spec.initContainers[0].image: Invalid value: "init ": must not have leading or trailing whitespace')
})

test('ports', () => {
  const ports = (...list: Container['ports'] & object): Change => ({ 'spec.containers[0].ports': list })
  check({ 'spec.containers[0].ports': [{ name: 'http', containerPort: 80 }, { name: 'admin', containerPort: 81, hostPort: 8081 }] })
  check(ports({ containerPort: 0 }), 'spec.containers[0].ports[0].containerPort: Required value')
  check(ports({ containerPort: 65536 }), 'spec.containers[0].ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive')
  check(ports({ containerPort: 80, name: 'UPPER' }),
    'spec.containers[0].ports[0].name: Invalid value: "UPPER": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'spec.containers[0].ports[0].name: Invalid value: "UPPER": must contain at least one letter (a-z)')
  check(ports({ containerPort: 80, name: 'a' }, { containerPort: 81, name: 'a' }), 'spec.containers[0].ports[1].name: Duplicate value: "a"')
  check(ports({ containerPort: 80, protocol: 'ICMP' }),
    'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"')
  check(ports({ containerPort: 80, hostPort: 8080 }, { containerPort: 81, hostPort: 8080 }),
    'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//8080"')
  check({ ...ports({ containerPort: 80, hostPort: 81 }), 'spec.hostNetwork': true },
    'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true')
})

test('environment', () => {
  const env = (valueFrom: object, value?: string): Change => ({ 'spec.containers[0].env': [{ name: 'A', valueFrom, ...(value === undefined ? {} : { value }) }] })
  const path = 'spec.containers[0].env[0].valueFrom'
  check({ 'spec.containers[0].env': [{ name: '' }] }, 'spec.containers[0].env[0].name: Required value')
  check({ 'spec.containers[0].env': [{ name: 'a=b' }] },
    "spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid environment variable name must consist only of printable ASCII characters other than '='")
  check(env({}), `${path}: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``)
  check(env({ fieldRef: { fieldPath: 'metadata.name' } }, 'x'), `${path}: Invalid value: "": may not be specified when \`value\` is not empty`)
  check(env({ fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { name: 'a', key: 'b' } }),
    `${path}: Invalid value: "": may not have more than one field specified at a time`)
  check(env({ fieldRef: { fieldPath: "metadata.annotations['example.com/A']" } }))
  check(env({ fieldRef: { fieldPath: 'metadata.labels' } }),
    `${path}.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", ` +
    '"spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"')
  check(env({ fieldRef: { fieldPath: 'spec.nope' } }),
    `${path}.fieldRef.fieldPath: Invalid value: "spec.nope": error converting fieldPath: field label not supported: spec.nope`)
  check(env({ fieldRef: { fieldPath: 'spec.host' } }))
  check(env({ fieldRef: { fieldPath: "metadata.name['a']" } }), `${path}.fieldRef.fieldPath: Invalid value: "metadata.name['a']": ` +
    "error converting fieldPath: field label does not support subscript: metadata.name['a']")
  check(env({ fieldRef: { fieldPath: "metadata.labels['a'b']" } }), `${path}.fieldRef: Invalid value: "a'b": ${NAME}`)
  check(env({ resourceFieldRef: { resource: 'limits.gpu' } }),
    `${path}.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", ` +
    '"requests.cpu", "requests.ephemeral-storage", "requests.memory"')
  check(env({ resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } }),
    `${path}.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`)
  check(env({ secretKeyRef: { name: 'a', key: '' } }), `${path}.secretKeyRef.key: Required value`)
  check({ 'spec.containers[0].envFrom': [{}] }, 'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`')
  check({ 'spec.containers[0].envFrom': [{ secretRef: {} }] }, 'spec.containers[0].envFrom[0].secretRef.name: Required value')
})

test('volumes and mounts', () => {
  const volumes = (...list: (Partial<Volume> & { [field: string]: unknown })[]): Change => ({ 'spec.volumes': list.map((volume, index) => ({ name: `v${index}`, ...volume })) })
  check({ ...volumes({}), 'spec.containers[0].volumeMounts': [{ name: 'v0', mountPath: '/a' }] })
  check(volumes({ name: '' }), 'spec.volumes[0].name: Required value')
  check(volumes({ name: 'a' }, { name: 'a' }), 'spec.volumes[1].name: Duplicate value: "a"')
  check(volumes({ emptyDir: {}, hostPath: { path: '/x' } }), 'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type')
  check(volumes({ emptyDir: { sizeLimit: '-1' } }), 'spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity')
  check(volumes({ hostPath: { path: '/a/../b' } }), 'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'')
  check(volumes({ hostPath: { path: '/a', type: 'Pipe' } }), 'spec.volumes[0].hostPath.type: Unsupported value: "Pipe": supported values: ' +
    '"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"')
  check(volumes({ secret: {} }), 'spec.volumes[0].secret.secretName: Required value')
  check(volumes({ configMap: { name: 'a', defaultMode: 0o1000 } }),
    'spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive')
  check(volumes({ configMap: { name: 'a', items: [{ key: 'k', path: '/abs' }] } }),
    'spec.volumes[0].configMap.items[0].path: Invalid value: "/abs": must be a relative path')
  check(volumes({ configMap: { name: 'a', items: [{ key: 'k', path: '..data' }] } }),
    'spec.volumes[0].configMap.items[0].path: Invalid value: "..data": must not start with \'..\'')
  check(volumes({ configMap: { name: 'a', items: [{ key: 'k', path: '..' }] } }),
    'spec.volumes[0].configMap.items[0].path: Invalid value: "..": must not contain \'..\'',
    'spec.volumes[0].configMap.items[0].path: Invalid value: "..": must not start with \'..\'')
  check(volumes({ persistentVolumeClaim: { claimName: '' } }), 'spec.volumes[0].persistentVolumeClaim.claimName: Required value')
  check(volumes({ nfs: { server: 's', path: 'x' } }), 'spec.volumes[0].nfs.path: Invalid value: "x": must be an absolute path')
  check(volumes({ downwardAPI: { items: [{ path: 'a' }] } }), 'spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required')
  check({ 'spec.containers[0].volumeMounts': [{ name: 'x', mountPath: '/a' }] }, 'spec.containers[0].volumeMounts[0].name: Not found: "x"')
  check({ ...volumes({}), 'spec.containers[0].volumeMounts': [{ name: 'v0', mountPath: '/a' }, { name: 'v0', mountPath: '/a' }] },
    'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique')
  check({ ...volumes({}), 'spec.containers[0].volumeMounts': [{ name: 'v0', mountPath: '/a', subPath: '../x' }] },
    'spec.containers[0].volumeMounts.subPath: Invalid value: "../x": must not contain \'..\'')
  check({ ...volumes({}), 'spec.containers[0].volumeMounts': [{ name: 'v0', mountPath: '/a', mountPropagation: 'Bidirectional' }] },
    'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers')
})

test('block devices', () => {
  const devices = (...volumeDevices: object[]): Change => (
    { 'spec.volumes': [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }], 'spec.containers[0].volumeDevices': volumeDevices }
  )
  const path = 'spec.containers[0].volumeDevices'
  check(devices({ name: 'v', devicePath: '/dev/a' }))
  check(devices({ name: 'v', devicePath: '/dev/../a' }), `${path}[0].devicePath: Invalid value: "/dev/../a": can not contain backsteps ('..')`)
  check(devices({ name: 'v', devicePath: '/dev/a' }, { name: 'v', devicePath: '/dev/a' }), `${path}[1].name: Invalid value: "v": must be unique`,
    `${path}[1].devicePath: Invalid value: "/dev/a": must be unique`)
})

test('storage of others', () => {
  const check = (source: object, ...expected: string[]): void => checkPod({ 'spec.volumes': [{ name: 'v', ...source }] }, ...expected)
  const path = 'spec.volumes[0]'
  check({ csi: { driver: 'd', nodePublishSecretRef: { name: '' } } }, `${path}.csi.nodePublishSecretRef.name: Required value`)
  check({ csi: { driver: 'x'.repeat(64) } }, `${path}.csi.driver: Too long: may not be more than 63 bytes`)
  check({ gcePersistentDisk: { pdName: '', partition: 256 } }, `${path}.persistentDisk.pdName: Required value`,
    `${path}.persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive`)
  check({ awsElasticBlockStore: { volumeID: 'a', partition: -1 } },
    `${path}.awsElasticBlockStore.partition: Invalid value: -1: must be between 1 and 255, inclusive`)
  const iscsi = { targetPortal: '10.0.0.1', iqn: 'iqn.2001-04.com.Example:disk', lun: 0 }
  check({ iscsi })
  check({ iscsi: { ...iscsi, iqn: 'abc' } }, `${path}.iscsi.iqn: Invalid value: "abc": must be valid format starting with iqn, eui, or naa`)
  check({ iscsi: { ...iscsi, iqn: 'eui.0123' } }, `${path}.iscsi.iqn: Invalid value: "eui.0123": must be valid format`)
  check({ cinder: { volumeID: 'a', secretRef: {} } }, `${path}.cinder.secretRef.name: Required value`)
  check({ storageos: { volumeName: 'a', volumeNamespace: 'b', secretRef: {} } }, `${path}.storageos.secretRef.name: Required value`)
  check({ quobyte: { registry: 'host', volume: 'v' } },
    `${path}.quobyte.registry: Invalid value: "host": must be a host:port pair or multiple pairs separated by commas`)
  check({ quobyte: { registry: 'host:1,[fd00::1]:2', volume: 'v' } })
  check({ azureDisk: { diskName: 'a', diskURI: 'x' } }, `${path}.azureDisk.diskURI: Unsupported value: "x": ` +
    'supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"')
  check({ flexVolume: { driver: 'd', options: { 'a.k8s.io/x': '' } } },
    `${path}.flexVolume.options[a.k8s.io/x]: Invalid value: "a.k8s.io/x": kubernetes.io and k8s.io namespaces are reserved`)
  check({ cephfs: { monitors: ['m'] }, downwardAPI: {}, hostPath: { path: '/a' } },
    ...['cephFS', 'downwarAPI'].map((type) => `${path}.${type}: Forbidden: may not specify more than 1 volume type`))
})

test('projected volumes', () => {
  const projected = (...sources: object[]): Change => ({ 'spec.serviceAccountName': 'a', 'spec.volumes': [{ name: 'v', projected: { sources } }] })
  check(projected({ serviceAccountToken: { path: 'token', expirationSeconds: 60 } }),
    'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes')
  check(projected({ secret: { name: 'a', items: [{ key: 'k', path: 'x' }] } }, { configMap: { name: 'b', items: [{ key: 'k', path: 'x' }] } }),
    'spec.volumes[0].projected: Invalid value: "b": conflicting duplicate paths')
  check(projected({ secret: { name: 'a' }, configMap: { name: 'b' } }),
    'spec.volumes[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source')
  check({ ...projected({ serviceAccountToken: { path: 'token' } }), 'spec.serviceAccountName': undefined },
    'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set')
})

test('probes and hooks', () => {
  const probe = (livenessProbe: object): Change => ({ 'spec.containers[0].livenessProbe': livenessProbe })
  const path = 'spec.containers[0].livenessProbe'
  check(probe({}), `${path}: Required value: must specify a handler type`)
  check(probe({ exec: { command: ['a'] }, tcpSocket: { port: 1 } }), `${path}.tcpSocket: Forbidden: may not specify more than 1 handler type`)
  check(probe({ exec: {} }), `${path}.exec.command: Required value`)
  check(probe({ tcpSocket: { port: 'x'.repeat(16) } }), `${path}.tcpSocket.port: Invalid value: "xxxxxxxxxxxxxxxx": must be no more than 15 bytes`)
  check(probe({ httpGet: { port: 0 } }), `${path}.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`)
  check(probe({ tcpSocket: { port: 1 }, successThreshold: 2 }), `${path}.successThreshold: Invalid value: 2: must be 1`)
  check(probe({ tcpSocket: { port: 1 }, periodSeconds: -1 }), `${path}.periodSeconds: Invalid value: -1: must be greater than or equal to 0`)
  check({ 'spec.containers[0].readinessProbe': { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 1 } },
    'spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes')
  check({ 'spec.containers[0].lifecycle': { preStop: { sleep: { seconds: 31 } } } },
    'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be greater than 0 and less than terminationGracePeriodSeconds (30). ' +
    'Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.')
})

test('init and ephemeral containers', () => {
  const init = { name: 'init', image: 'i' }
  check({ 'spec.initContainers': [init, { name: 'side', image: 's', restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 1 } } }] })
  check({ 'spec.initContainers': [{ ...init, name: 'web' }] }, 'spec.initContainers[0].name: Duplicate value: "web"')
  check({ 'spec.initContainers': [{ ...init, restartPolicy: 'Never' }] },
    'spec.initContainers[0].restartPolicy: Unsupported value: "Never": supported values: "Always"')
  check({ 'spec.initContainers': [{ ...init, livenessProbe: { tcpSocket: { port: 1 } } }] },
    'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always')
  check({ 'spec.ephemeralContainers': [{ name: 'debug', image: 'd' }] }, 'spec.ephemeralContainers: Forbidden: cannot be set on create')
})

test('resources', () => {
  const resources = (value: object): Change => ({ 'spec.containers[0].resources': value })
  const path = 'spec.containers[0].resources'
  check(resources({ limits: { cpu: '1', memory: '1Gi', 'example.com/gpu': '1' } }))
  check(resources({ requests: { cpu: '2' }, limits: { cpu: '1' } }), `${path}.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`)
  check(resources({ limits: { cpu: '-1' } }),
    `${path}.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
    `${path}.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`)
  check(resources({ requests: { disk: '1' } }), `${path}.requests[disk]: Invalid value: "disk": must be a standard resource type or fully qualified`,
    `${path}.requests[disk]: Invalid value: "disk": must be a standard resource for containers`)
  check(resources({ requests: { 'example.com/gpu': '1' } }), `${path}.limits: Required value: Limit must be set for non overcommitable resources`)
  check(resources({ limits: { 'example.com/gpu': '500m' } }), `${path}.limits[example.com/gpu]: Invalid value: "500m": must be an integer`,
    `${path}.requests[example.com/gpu]: Invalid value: "500m": must be an integer`)
  check(resources({ limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } }),
    `${path}.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
    `${path}.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`)
  check(resources({ limits: { 'hugepages-2Mi': '2Mi' } }), `${path}: Forbidden: HugePages require cpu or memory`)
  check(resources({ limits: { 'hugepages-x': '2Mi', cpu: '1' } }),
    `${path}.limits[hugepages-x]: Invalid value: "2Mi": 2Mi is not positive integer multiple of hugepages-x`,
    `${path}.requests[hugepages-x]: Invalid value: "2Mi": 2Mi is not positive integer multiple of hugepages-x`)
})

test('security', () => {
  const path = 'spec.containers[0].securityContext'
  check({ [`${path}.runAsUser`]: -1 }, `${path}.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`)
  check({ [`${path}`]: { privileged: true, allowPrivilegeEscalation: false } },
    `${path}: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`)
  check({ [`${path}.seccompProfile`]: { type: 'Localhost' } }, `${path}.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`)
  check({ [`${path}.seccompProfile`]: { type: 'Odd' } },
    `${path}.seccompProfile.type: Unsupported value: "Odd": supported values: "Localhost", "RuntimeDefault", "Unconfined"`)
  check({ 'spec.hostPID': true, 'spec.shareProcessNamespace': true },
    'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled')
  check({ 'spec.securityContext.fsGroupChangePolicy': 'x' },
    'spec.securityContext.fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"')
  check({ 'spec.securityContext.sysctls': [{ name: 'A', value: '1' }] }, 'spec.securityContext.sysctls[0].name: Invalid value: "A": ' +
    String.raw`must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`)
  check({ 'spec.hostNetwork': true, 'spec.securityContext.sysctls': [{ name: 'net.ipv4.ip_forward', value: '1' }] },
    'spec.securityContext.sysctls[0].name: Invalid value: "net.ipv4.ip_forward": may not be specified when \'hostNetwork\' is true')
})

test('scheduling', () => {
  const tolerations = (...list: object[]): Change => ({ 'spec.tolerations': list })
  check(tolerations({}), 'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"')
  check(tolerations({ key: 'a', operator: 'Exists', value: 'b' }), 'spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\'')
  check(tolerations({ key: 'a', operator: 'Like' }), 'spec.tolerations[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists"')
  check(tolerations({ key: 'a', effect: 'NoSchedule', tolerationSeconds: 1 }),
    'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set')
  check(tolerations({ key: 'a', effect: 'Never' }),
    'spec.tolerations[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"')
  const spread = (constraint: object): Change => ({ 'spec.topologySpreadConstraints': [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', ...constraint }] })
  check(spread({ maxSkew: 0 }), 'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero')
  check(spread({ whenUnsatisfiable: 'x' }),
    'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "x": supported values: "DoNotSchedule", "ScheduleAnyway"')
  const affinity = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  check({ [affinity]: [] }, `${affinity}: Required value: must have at least one node selector term`)
  check({ [affinity]: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] },
    `${affinity}[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`)
  check({ 'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution': [{ labelSelector: {} }] },
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
    `spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": ${NAME}`)
  check({ 'spec.nodeName': 'n', 'spec.schedulingGates': [{ name: 'g' }] }, 'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared')
})

test('the remaining fields', () => {
  check({ 'spec.restartPolicy': 'Maybe' }, 'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"')
  check({ 'spec.dnsPolicy': 'None' }, 'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None')
  check({ 'spec.dnsConfig.nameservers': ['x'] },
    'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')
  check({ 'spec.activeDeadlineSeconds': 0 }, 'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive')
  check({ 'spec.hostname': 'A' }, `spec.hostname: Invalid value: "A": ${LABEL}`)
  check({ 'spec.nodeSelector': { '': 'x' } }, 'spec.nodeSelector: Invalid value: "": name part must be non-empty', `spec.nodeSelector: Invalid value: "": ${NAME}`)
  check({ 'spec.os': { name: 'plan9' } }, 'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"')
  check({ 'spec.preemptionPolicy': 'x' }, 'spec.preemptionPolicy: Unsupported value: "x": supported values: "PreemptLowerPriority", "Never"')
  check({ 'spec.preemptionPolicy': '' }, 'spec.preemptionPolicy: Required value')
})

test('a pod is found by the node that it is on, also under the name from long ago', () => {
  const { selectableFields } = pods
  for (const field of ['spec.nodeName', 'spec.host']) assert.equal(selectableFields[field]?.({ ...samplePod(), spec: { containers: [], nodeName: 'n1' } }), 'n1')
})
