import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceSpec } from '../../generated/types.ts'
import { sampleService } from '../../sample-objects.testing.ts'
import type { Change } from '../checking.testing.ts'
import { cellsOf, changed, created, createChecks, messagesOf, updateChecks, updated } from '../checking.testing.ts'
import { services } from './service.ts'

const check = createChecks(services, sampleService)
const LABEL = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

test('defaults of a Service', () => {
  const defaulted = (spec: Partial<ServiceSpec>): ServiceSpec | undefined => created(services, sampleService(spec)).spec
  const plain = { selector: { app: 'web' }, ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }], sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' }
  assert.deepEqual(defaulted({}), { ...plain, type: 'ClusterIP' })
  assert.deepEqual(defaulted({ type: 'NodePort' }), { ...plain, type: 'NodePort', externalTrafficPolicy: 'Cluster' })
  assert.deepEqual(defaulted({ type: 'LoadBalancer' }), { ...plain, type: 'LoadBalancer', externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true })
  assert.deepEqual(defaulted({ sessionAffinity: 'ClientIP' })?.sessionAffinityConfig, { clientIP: { timeoutSeconds: 10800 } })
  assert.equal(defaulted({ type: 'ExternalName', externalName: 'x.y' })?.internalTrafficPolicy, undefined)
  assert.deepEqual(defaulted({ clusterIP: 'None' })?.clusterIPs, ['None'])
  assert.deepEqual(defaulted({ ports: [{ port: 80, targetPort: 'http' }] })?.ports?.[0]?.targetPort, 'http')
})

test('ports', () => {
  check({})
  check({ 'spec.ports': [] }, 'spec.ports: Required value')
  check({ 'spec.ports': [], 'spec.clusterIP': 'None' })
  check({ 'spec.ports[0].port': 0 }, 'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive')
  check({ 'spec.ports[1]': { port: 81 } }, 'spec.ports[0].name: Required value', 'spec.ports[1].name: Required value')
  check({ 'spec.ports': [{ port: 80, name: 'a' }, { port: 80, name: 'a' }] }, 'spec.ports[1].name: Duplicate value: "a"',
    'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}')
  check({ 'spec.ports[0].nodePort': 30080 }, "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'")
  check({ 'spec.type': 'NodePort', 'spec.ports': [{ port: 80, name: 'a', nodePort: 30080 }, { port: 81, name: 'b', nodePort: 30080 }] },
    'spec.ports[1].nodePort: Duplicate value: 30080')
})

test('types and addresses', () => {
  check({ 'spec.type': 'Odd' }, 'spec.type: Unsupported value: "Odd": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  )
  check({ 'spec.type': 'NodePort', 'spec.clusterIP': 'None' }, "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services")
  check({ 'spec.type': 'ExternalName', 'spec.ports': undefined }, 'spec.externalName: Required value')
  check({ 'spec.type': 'ExternalName', 'spec.externalName': 'db.example.com.', 'spec.ports': undefined })
  check({ 'spec.type': 'ExternalName', 'spec.externalName': 'x', 'spec.clusterIP': '10.0.0.1' }, 'spec.clusterIPs: Forbidden: may not be set for ExternalName services')
  check({ 'spec.clusterIP': 'x' }, 'spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')
  check({ 'spec.clusterIP': '10.0.0.1', 'spec.clusterIPs': ['10.0.0.2'] }, 'spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`')
  check({ 'spec.clusterIPs': ['10.0.0.2'] }, 'spec.clusterIPs: Invalid value: ["10.0.0.2"]: must be empty when `clusterIP` is not specified')
  check({ 'spec.clusterIP': '10.0.0.1', 'spec.clusterIPs': ['10.0.0.1', '10.0.0.2'] },
    'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family')
  check({ 'spec.clusterIP': '10.0.0.1', 'spec.ipFamilies': ['IPv6'] },
    'spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`')
  check({ 'spec.ipFamilies': ['IPv5'] }, 'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"')
  check({ 'spec.clusterIP': '010.0.0.1', 'spec.clusterIPs': ['010.0.0.1'], 'spec.ipFamilies': ['IPv4'], 'spec.externalIPs': ['010.0.0.02'] })
  check({ 'spec.externalIPs': ['0127.0.0.1'] }, 'spec.externalIPs[0]: Invalid value: "0127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)')
  check({ 'spec.externalIPs': ['127.0.0.1'] }, 'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)')
})

test('the errors of a Service with many of them, in upstream\'s order', () => {
  const port = { port: 80, protocol: 'TCP', nodePort: 30080, targetPort: 80 }
  check({ 'spec.ports': [{ ...port, name: 'A' }, { ...port, name: 'A' }], 'spec.sessionAffinity': 'Odd', 'spec.externalIPs': ['x'] },
    `spec.ports[0].name: Invalid value: "A": ${LABEL}`,
    `spec.ports[1].name: Invalid value: "A": ${LABEL}`,
    'spec.ports[1].name: Duplicate value: "A"',
    'spec.sessionAffinity: Unsupported value: "Odd": supported values: "ClientIP", "None"',
    'spec.externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    "spec.ports[1].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    'spec.ports[1].nodePort: Duplicate value: 30080',
    'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}')
})

test('policies', () => {
  check({ 'spec.sessionAffinity': 'Sticky' }, 'spec.sessionAffinity: Unsupported value: "Sticky": supported values: "ClientIP", "None"')
  check({ 'spec.sessionAffinity': 'ClientIP', 'spec.sessionAffinityConfig.clientIP.timeoutSeconds': 0 },
    'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400')
  check({ 'spec.externalTrafficPolicy': 'Local' },
    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services')
  check({ 'spec.type': 'NodePort', 'spec.externalTrafficPolicy': 'Near' },
    'spec.externalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"')
  check({ 'spec.internalTrafficPolicy': 'Near' }, 'spec.internalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"')
  check({ 'spec.trafficDistribution': 'Far' }, 'spec.trafficDistribution: Unsupported value: "Far": supported values: "PreferClose"')
  check({ 'spec.loadBalancerClass': 'example.com/lb' }, "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'")
  check({ 'spec.loadBalancerClass': 'A B' }, "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'")
  const annotations = { 'service.kubernetes.io/topology-aware-hints': 'auto', 'service.kubernetes.io/topology-mode': 'Auto' }
  check({ 'metadata.annotations': annotations }, 'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Auto": ' +
    'must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified')
  check({ 'spec.type': 'LoadBalancer', 'spec.loadBalancerSourceRanges': ['10.0.0.0'] },
    'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')
})

const allocated: Change = { 'spec.clusterIP': '10.0.0.1', 'spec.ipFamilies': ['IPv4'], 'spec.ipFamilyPolicy': 'SingleStack' }

test('an update that leaves out what was allocated keeps it', () => {
  const keeps = (before: Change, change: Change, ...fields: (keyof ServiceSpec)[]): void => {
    const old = created(services, changed(sampleService(), before))
    const draft = updated(services, changed(sampleService(), change), old)
    for (const field of fields) assert.deepEqual(draft.spec?.[field], old.spec?.[field], field)
    assert.deepEqual(messagesOf(services.validateUpdate(draft, old)), [])
  }
  keeps(allocated, {}, 'clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy')
  keeps({ ...allocated, 'spec.type': 'NodePort', 'spec.ports[0].nodePort': 30080 }, { 'spec.type': 'NodePort' }, 'clusterIP', 'ports')
  keeps({ ...allocated, 'spec.type': 'NodePort', 'spec.ports[0].nodePort': 30080 }, { 'spec.type': 'LoadBalancer' }, 'ports')
})

test('a changed type takes along what it has no use for', () => {
  const old = created(services, changed(sampleService(), { ...allocated, 'spec.type': 'NodePort', 'spec.ports[0].nodePort': 30080 }))
  const inner = updated(services, changed(old, { 'spec.type': 'ClusterIP' }), old)
  assert.deepEqual([inner.spec?.ports, inner.spec?.externalTrafficPolicy], [[{ port: 80, protocol: 'TCP', targetPort: 80 }], undefined])
  assert.deepEqual(messagesOf(services.validateUpdate(inner, old)), [])
  const name = updated(services, changed(old, { 'spec.type': 'ExternalName', 'spec.externalName': 'x.y' }), old)
  assert.deepEqual([name.spec?.clusterIP, name.spec?.clusterIPs, name.spec?.ipFamilies], [undefined, undefined, undefined])
  assert.deepEqual(messagesOf(services.validateUpdate(name, old)), [])
})

test('what stays once it is set', () => {
  const check = updateChecks(services, sampleService)
  check(allocated, { 'metadata.labels': { a: 'b' } })
  check(allocated, { 'spec.clusterIP': '10.0.0.2' }, 'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set')
  check(allocated, { 'spec.ipFamilies': ['IPv6'] }, 'spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set',
    'spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`')
  check({ ...allocated, 'spec.clusterIPs': ['10.0.0.1', 'fd00::1'], 'spec.ipFamilies': ['IPv4', 'IPv6'], 'spec.ipFamilyPolicy': 'PreferDualStack' },
    { 'spec.clusterIPs': ['10.0.0.1'], 'spec.ipFamilies': ['IPv4'] },
    "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing the secondary clusterIP",
    "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing the secondary ipFamily")
})

test('warnings', () => {
  const warn = (change: Change, ...expected: string[]): void =>
    assert.deepEqual(services.warnings(created(services, changed(sampleService(), change)), undefined), expected)
  const loops = 'which may cause controller apply-loops'
  warn({})
  warn({ 'metadata.annotations': { 'service.kubernetes.io/topology-aware-hints': 'auto' } },
    'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead')
  warn({ 'spec.clusterIP': 'None', 'spec.sessionAffinity': 'ClientIP', 'spec.loadBalancerIP': '1.2.3.4', 'spec.externalIPs': ['1.2.3.4'] },
    ...['loadBalancerIP', 'externalIPs', 'SessionAffinity'].map((field) => `spec.${field} is ignored for headless services`))
  warn({ 'spec.clusterIP': 'fd00:0::1' }, `spec.clusterIPs[0]: IPv6 address "fd00:0::1" is not in RFC 5952 canonical format ("fd00::1"), ${loops}`)
  const later = 'was accepted, but will be invalid in a future Kubernetes release'
  warn({ 'spec.clusterIP': '10.0.0.01' }, `spec.clusterIPs[0]: IP address ${later}: ParseAddr("10.0.0.01"): IPv4 field has octet with leading zero`)
  warn({ 'spec.externalIPs': ['::ffff:10.0.0.1'] })
  warn({ 'spec.loadBalancerSourceRanges': ['010.0.0.0/8', '10.0.0.0/08'] },
    `spec.loadBalancerSourceRanges[0]: IP prefix ${later}: netip.ParsePrefix("010.0.0.0/8"): ParseAddr("010.0.0.0"): IPv4 field has octet with leading zero`,
    `spec.loadBalancerSourceRanges[1]: IP prefix ${later}: netip.ParsePrefix("10.0.0.0/08"): bad bits after slash: "08"`)
  warn({ 'spec.loadBalancerSourceRanges': ['FD00::/8', '10.0.0.0/8'] },
    `spec.loadBalancerSourceRanges[0]: IPv6 prefix "FD00::/8" is not in RFC 5952 canonical format ("fd00::/8"), ${loops}`)
  warn({ 'spec.externalName': 'a.b' }, 'spec.externalName is ignored when spec.type is not "ExternalName"')
  warn({ 'spec.type': 'ExternalName', 'spec.externalName': 'a.b', 'spec.externalIPs': ['1.2.3.4'] },
    'spec.externalIPs is ignored when spec.type is "ExternalName"')
})

test('status of load balancers', () => {
  const balanced = created(services, changed(sampleService(), { 'spec.type': 'LoadBalancer' }))
  const status = (ingress: object[], of = balanced): string[] => messagesOf(services.status?.validateUpdate({ ...of, status: { loadBalancer: { ingress } } }, of) ?? [])
  assert.deepEqual(status([{ ip: '1.2.3.4', ipMode: 'VIP' }, { hostname: 'a.b' }]), [])
  assert.deepEqual(status([{ ip: '1.2.3.4' }]), ['status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set'])
  assert.deepEqual(status([{ ip: '1.2.3.4' }], created(services, sampleService())),
    ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"])
})

test('the table', () => {
  const row = (change: Change, status = {}): unknown[] => {
    const cells = cellsOf(services, { ...created(services, changed(sampleService(), change)), status })
    return ['Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Selector'].map((name) => cells[name])
  }
  assert.deepEqual(row(allocated), ['ClusterIP', '10.0.0.1', '<none>', '80/TCP', 'app=web'])
  assert.deepEqual(row({ 'spec.type': 'NodePort', 'spec.ports[0].nodePort': 30080, 'spec.externalIPs': ['1.2.3.4'] }),
    ['NodePort', '<none>', '1.2.3.4', '80:30080/TCP', 'app=web'])
  assert.deepEqual(row({ 'spec.type': 'LoadBalancer' }), ['LoadBalancer', '<none>', '<pending>', '80/TCP', 'app=web'])
  assert.deepEqual(row({ 'spec.type': 'LoadBalancer' }, { loadBalancer: { ingress: [{ ip: '9.9.9.9' }, { hostname: 'lb' }] } })[2], '9.9.9.9,lb')
  assert.deepEqual(row({ spec: { type: 'ExternalName', externalName: 'x.y' } }), ['ExternalName', '<none>', 'x.y', '<none>', '<none>'])
})
