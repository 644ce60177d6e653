import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Namespace, Node } from '../generated/types.ts'
import { sampleBinding, sampleEndpoints, sampleEndpointSlice, sampleLease, sampleNamespace, sampleNode, sampleServiceAccount } from '../sample-objects.testing.ts'
import { facets } from '../registry.ts'
import { bindings } from './binding.ts'
import type { Change } from './checking.testing.ts'
import { cellsOf, changed, context, created, createChecks, messagesOf, updateChecks, updated } from './checking.testing.ts'
import { endpointSlices } from './endpoint-slice.ts'
import { endpoints } from './endpoints.ts'
import { leases } from './lease.ts'
import { namespaces } from './namespace.ts'
import { nodes } from './node.ts'
import { serviceAccounts } from './service-account.ts'

test('a Namespace gets its finalizer, its phase and the label with its name', () => {
  const namespace = created(namespaces, sampleNamespace())
  assert.deepEqual(namespace, {
    ...sampleNamespace(), metadata: { name: 'a', labels: { 'kubernetes.io/metadata.name': 'a' } }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' },
  })
  const draft = updated(namespaces, changed(namespace, { 'metadata.labels': { x: 'y' }, 'spec.finalizers': [], status: {} }), namespace)
  assert.deepEqual([draft.spec, draft.status, draft.metadata.labels], [namespace.spec, namespace.status, { x: 'y', 'kubernetes.io/metadata.name': 'a' }])
})

test('phase and finalizers of a Namespace', () => {
  const namespace = created(namespaces, sampleNamespace())
  const status = (change: Change): string[] => messagesOf(namespaces.status?.validateUpdate(changed(namespace, change), namespace) ?? [])
  assert.deepEqual(status({ 'status.phase': 'Terminating' }), ["status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"])
  assert.deepEqual(status({ 'metadata.deletionTimestamp': '2026-01-01T00:00:00Z' }),
    ["status.Phase: Invalid value: \"Active\": may only be 'Terminating' if `deletionTimestamp` is not empty"])
  const finalize = facets().find(({ subresource }) => subresource === 'finalize')?.update
  const draft: Namespace = changed(namespace, { 'spec.finalizers': ['odd'], 'status.phase': 'x' })
  finalize?.prepareForUpdate(draft, namespace, context)
  assert.deepEqual([draft.spec?.finalizers, draft.status], [['odd'], { phase: 'Active' }])
  assert.deepEqual(messagesOf(finalize?.validateUpdate(draft, namespace) ?? []),
    ['spec.finalizers[0]: Invalid value: "odd": name is neither a standard finalizer name nor is it fully qualified'])
})

test('a status without a phase is that of an active Namespace', () => {
  const draft: Namespace = { ...sampleNamespace(), status: {} }
  namespaces.defaults(draft)
  assert.deepEqual(draft.status, { phase: 'Active' })
})

test('a Node', () => {
  const check = createChecks(nodes, sampleNode)
  check({})
  assert.deepEqual(created(nodes, changed(sampleNode(), { 'spec.podCIDR': '10.1.0.0/24', 'status.capacity': { memory: '1024Mi' } })), {
    ...sampleNode(), spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] }, status: { capacity: { memory: '1Gi' }, allocatable: { memory: '1Gi' } },
  })
  check({ 'spec.taints': [{ key: 'a', effect: 'Go' }] },
    'metadata.taints[0].effect: Unsupported value: "Go": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"')
  check({ 'spec.taints': [{ key: 'a', effect: 'NoSchedule' }, { key: 'a', effect: 'NoSchedule' }] },
    'metadata.taints[1]: Duplicate value: {"key":"a","effect":"NoSchedule"}: taints must be unique by key and effect pair')
  check({ 'status.capacity': { pods: '1500m' } }, 'status.capacity.pods: Invalid value: "1500m": must be an integer',
    'status.allocatable.pods: Invalid value: "1500m": must be an integer')
  check({ 'spec.podCIDRs': ['10.1.0.0/24', '10.2.0.0/24'] },
    'spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more than one CIDR for each IP family')
})

test('annotations of a Node from before it had taints', () => {
  const at = 'scheduler.alpha.kubernetes.io'
  const list = JSON.stringify([{ key: 'a', effect: 'NoSchedule' }, { key: 'a b', effect: 'Never' }, { key: 'a', effect: 'NoSchedule' }])
  const table: [annotation: string, text: string, ...expected: string[]][] = [
    ['taints', ''], ['taints', '[]'], ['taints', 'null'], ['taints', '[{"key":"a","effect":"NoSchedule"}]'], ['preferAvoidPods', '{}'],
    ['preferAvoidPods', '{"preferAvoidPods":[{"podSignature":{"podController":{"kind":"ReplicaSet","name":"a","controller":true}}}]}'],
    ['taints', '{', `metadata.annotations: Invalid value: "${at}/taints": must be a JSON list of taints`],
    ['taints', '[{"key":1}]', `metadata.annotations: Invalid value: "${at}/taints": must be a JSON list of taints`],
    ['preferAvoidPods', '[]', `metadata.annotations.AvoidPods: Invalid value: "${at}/preferAvoidPods": must be a JSON object with a list preferAvoidPods of objects`],
    ['preferAvoidPods', '{"preferAvoidPods":[{},{"podSignature":{"podController":{"controller":false}}}]}',
      `metadata.annotations.${at}/preferAvoidPods[0].PodSignature: Required value`,
      `metadata.annotations.${at}/preferAvoidPods[1].PodSignature.PodController.Controller: Invalid value: false: must point to a controller`],
  ]
  const check = createChecks(nodes, sampleNode)
  for (const [annotation, text, ...expected] of table) check({ 'metadata.annotations': { [`${at}/${annotation}`]: text } }, ...expected)
  const found = messagesOf(nodes.validateCreate(changed(sampleNode(), { 'metadata.annotations': { [`${at}/taints`]: list } })))
  assert.deepEqual(found.map((message) => message.slice(0, message.indexOf(':'))),
    ['[1].key', '[1].effect', '[2]'].map((place) => `metadata.annotations.${at}/taints${place}`))
})

test('what stays once a Node has it', () => {
  const check = updateChecks(nodes, sampleNode)
  check({}, { 'spec.podCIDR': '10.1.0.0/24', 'spec.providerID': 'x', 'spec.unschedulable': true })
  check({}, { 'spec.podCIDRs': ['x'] }, 'spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')
  const node = created(nodes, changed(sampleNode(), { 'spec.configSource': { configMap: {} }, 'spec.externalID': 'x', 'status.config': {} }))
  assert.deepEqual([node.spec?.configSource, node.status?.config], [undefined, undefined])
  assert.deepEqual(nodes.warnings(node, undefined), ['spec.externalID: this field is deprecated, and is unused by Kubernetes'])
  check({ 'spec.podCIDR': '10.1.0.0/24' }, { 'spec.podCIDRs': ['10.2.0.0/24'], 'spec.podCIDR': undefined },
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid')
  check({ 'spec.providerID': 'x' }, { 'spec.providerID': 'y' }, 'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid')
})

test('the table of Nodes', () => {
  const row = (change: Change): Record<string, unknown> => cellsOf(nodes, changed<Node>({ apiVersion: 'v1', kind: 'Node', metadata: {} }, change))
  assert.deepEqual(row({}), {
    Status: 'Unknown', Roles: '<none>', Age: '<unknown>', Version: '', 'Internal-IP': '<none>', 'External-IP': '<none>', 'OS-Image': '<unknown>',
    'Kernel-Version': '<unknown>', 'Container-Runtime': '<unknown>',
  })
  const ready = row({
    'metadata.creationTimestamp': '2025-12-31T22:00:00Z', 'spec.unschedulable': true,
    'metadata.labels': { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'edge' },
    status: { conditions: [{ type: 'Ready', status: 'True' }], addresses: [{ type: 'InternalIP', address: '10.0.0.1' }], nodeInfo: { kubeletVersion: 'v1', osImage: 'Debian' } },
  })
  assert.deepEqual([ready['Status'], ready['Roles'], ready['Age'], ready['Version'], ready['Internal-IP'], ready['OS-Image']],
    ['Ready,SchedulingDisabled', 'control-plane,edge,worker', '120m', 'v1', '10.0.0.1', 'Debian'])
})

test('Endpoints', () => {
  const check = createChecks(endpoints, sampleEndpoints)
  check({})
  check({ 'subsets[0].addresses': [] }, 'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`')
  check({ 'subsets[0].addresses[0].ip': '127.0.0.1' },
    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)')
  check({ 'subsets[0].addresses[0].ip': 'fe80::1' },
    'subsets[0].addresses[0].ip: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)')
  check({ 'subsets[0].addresses[0].ip': '::ffff:169.254.169.254' },
    'subsets[0].addresses[0].ip: Invalid value: "::ffff:169.254.169.254": may not be in the link-local range (169.254.0.0/16, fe80::/10)')
  check({ 'subsets[0].ports[1]': { port: 81, name: 'b' } }, 'subsets[0].ports[0].name: Required value')
  const many = changed(sampleEndpoints(), { 'subsets[0].addresses': ['1', '2', '3', '4', '5'].map((last) => ({ ip: `10.1.0.${last}` })) })
  assert.equal(cellsOf(endpoints, many)['Endpoints'], '10.1.0.1:80,10.1.0.2:80,10.1.0.3:80 + 2 more...')
  assert.equal(cellsOf(endpoints, changed(sampleEndpoints(), { subsets: undefined }))['Endpoints'], '<none>')
  assert.equal(cellsOf(endpoints, changed(sampleEndpoints(), { 'subsets[0].addresses[0].ip': 'fd00::1' }))['Endpoints'], '[fd00::1]:80')
})

test('an EndpointSlice', () => {
  const check = createChecks(endpointSlices, sampleEndpointSlice)
  check({})
  check({ endpoints: undefined, ports: undefined })
  check({ addressType: 'IPX', 'endpoints[0].addresses': ['x'] }, 'addressType: Unsupported value: "IPX": supported values: "FQDN", "IPv4", "IPv6"')
  check({ 'endpoints[0].addresses': [] }, 'endpoints[0].addresses: Required value: must contain at least 1 address')
  const address = (type: string, text: string, ...details: string[]): void => check({ addressType: type, 'endpoints[0].addresses': [text] },
    ...details.map((detail) => `endpoints[0].addresses[0]: ${detail}`))
  address('IPv4', 'fd00::1', 'Invalid value: "fd00::1": must be a valid IPv4 address')
  address('IPv4', '10.0.0', 'Invalid value: "10.0.0": must be a valid IPv4 address', 'Invalid value: "10.0.0": must be a valid IP address')
  address('IPv6', '10.0.0.1', 'Invalid value: "10.0.0.1": must be a valid IPv6 address')
  address('IPv4', '010.0.0.1')
  address('IPv4', '::ffff:10.0.0.1')
  address('IPv6', '::ffff:10.0.0.1', 'Invalid value: "::ffff:10.0.0.1": must be a valid IPv6 address')
  address('IPv6', '::1', 'Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)')
  address('FQDN', 'db.example.com.')
  address('FQDN', 'db', 'Invalid value: "db": should be a domain with at least two segments separated by dots')
  address('FQDN', '', 'Required value')
  address('FQDN', `${'a'.repeat(64)}.b`, `Invalid value: "${'a'.repeat(64)}": must be no more than 63 bytes`)
  const zones = (...names: string[]): Change => ({ 'endpoints[0].hints.forZones': names.map((name) => ({ name })) })
  check(zones('', 'a', 'a'), 'endpoints[0].hints.forZones[2].name: Duplicate value: "a"')
  check(zones(...Array.from({ length: 9 }, () => 'a')), 'endpoints[0].hints.forZones: Too many: 9: must have at most 8 items')
  const old = changed(sampleEndpointSlice(), { 'endpoints[0].deprecatedTopology': { zone: 'a' } })
  assert.deepEqual(created(endpointSlices, old).endpoints, sampleEndpointSlice().endpoints)
  const domain = changed(sampleEndpointSlice(), { addressType: 'FQDN' })
  assert.deepEqual([endpointSlices.warnings(domain, undefined), endpointSlices.warnings(domain, domain)], [['spec.addressType: FQDN endpoints are deprecated'], []])
  check({ 'ports[1]': { port: 81 } }, 'ports[1].name: Duplicate value: ""')
  check({ endpoints: Array.from({ length: 1001 }, () => ({ addresses: ['10.0.0.1'] })) }, 'endpoints: Too many: 1001: must have at most 1000 items')
  updateChecks(endpointSlices, sampleEndpointSlice)({}, { addressType: 'FQDN', 'endpoints[0].addresses': ['a.b'] },
    'addressType: Invalid value: "FQDN": field is immutable')
  assert.deepEqual(cellsOf(endpointSlices, created(endpointSlices, sampleEndpointSlice())), { AddressType: 'IPv4', Ports: '80', Endpoints: '10.1.0.1', Age: '<unknown>' })
})

test('Leases, ServiceAccounts and Bindings', () => {
  const check = createChecks(leases, sampleLease)
  check({ 'spec.leaseDurationSeconds': 0 }, 'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0')
  check({ 'spec.leaseTransitions': -1 }, 'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0')
  assert.deepEqual(created(leases, changed(sampleLease(), { 'spec.strategy': 'x' })).spec, sampleLease().spec)
  const account = created(serviceAccounts, { ...sampleServiceAccount(), secrets: [{ name: 'a', namespace: 'other' }] })
  assert.deepEqual([account.secrets, cellsOf(serviceAccounts, account)], [[{ name: 'a' }], { Secrets: 1, Age: '<unknown>' }])
  const annotated = changed(account, { 'metadata.annotations': { 'kubernetes.io/enforce-mountable-secrets': 'true' } })
  assert.deepEqual([serviceAccounts.warnings(annotated, account).length, serviceAccounts.warnings(annotated, annotated).length], [1, 0])
  createChecks(bindings, sampleBinding)({ target: { kind: 'Pod' } }, 'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
    'target.name: Required value')
})
