import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleIngress, sampleIngressClass, sampleNetworkPolicy } from '../sample-extension-objects.testing.ts'
import type { Change } from './checking.testing.ts'
import { cellsOf, changed, context, created, createChecks, messagesOf, updateChecks, updated } from './checking.testing.ts'
import { ingressClasses } from './ingress-class.ts'
import { ingresses } from './ingress.ts'
import { networkPolicies } from './network-policy.ts'

test('defaults of a NetworkPolicy', () => {
  const check = (spec: object, expected: string[]): void => {
    assert.deepEqual(created(networkPolicies, changed(sampleNetworkPolicy(), { spec: { podSelector: {}, ...spec } })).spec?.policyTypes, expected)
  }
  check({}, ['Ingress'])
  check({ egress: [{}] }, ['Ingress', 'Egress'])
  check({ policyTypes: ['Egress'] }, ['Egress'])
  assert.deepEqual(created(networkPolicies, sampleNetworkPolicy()).spec?.ingress?.[0]?.ports, [{ port: 80, protocol: 'TCP' }])
})

test('a NetworkPolicy', () => {
  const check = createChecks(networkPolicies, sampleNetworkPolicy)
  const port = (value: object, ...expected: string[]): void => check({ 'spec.ingress[0].ports': [value] }, ...expected.map((text) => `spec.ingress[0].ports[0].${text}`))
  const peer = (value: object, ...expected: string[]): void => check({ 'spec.egress': [{ to: [value] }] }, ...expected.map((text) => `spec.egress[0].to[0]${text}`))
  check({})
  port({ port: 'http' })
  port({ port: 80, endPort: 90 })
  port({ protocol: 'ICMP' }, 'protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"')
  port({ port: 70000 }, 'port: Invalid value: 70000: must be between 1 and 65535, inclusive')
  port({ port: 80, endPort: 79 }, 'endPort: Invalid value: 79: must be greater than or equal to `port`')
  port({ port: 'http', endPort: 79 }, 'endPort: Invalid value: 79: may not be specified when `port` is non-numeric')
  port({ endPort: 79 }, 'endPort: Invalid value: 79: may not be specified when `port` is not specified')
  peer({}, ': Required value: must specify a peer')
  peer({ podSelector: {}, namespaceSelector: {} })
  peer({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }, ': Forbidden: may not specify both ipBlock and another peer')
  peer({ ipBlock: { cidr: '' } }, '.ipBlock.cidr: Required value')
  peer({ ipBlock: { cidr: '10.0.0.0' } }, '.ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')
  peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } })
  peer({ ipBlock: { cidr: '010.0.0.0/08', except: ['10.001.0.0/16'] } })
  peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }, '.ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`')
  peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/9'] } }, '.ipBlock.except[0]: Invalid value: "11.0.0.0/9": must be a strict subset of `cidr`')
  check({ 'spec.policyTypes': ['Sideways'] }, 'spec.policyTypes[0]: Unsupported value: "Sideways": supported values: "Ingress", "Egress"')
  check({ 'spec.policyTypes': ['Ingress', 'Egress', 'Ingress'] },
    'spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes')
  assert.deepEqual(cellsOf(networkPolicies, sampleNetworkPolicy()), { 'Pod-Selector': 'app=web', Age: '<unknown>' })
  assert.equal(cellsOf(networkPolicies, changed(sampleNetworkPolicy(), { 'spec.podSelector': {} }))['Pod-Selector'], '<none>')
})

test('an Ingress', () => {
  const check = createChecks(ingresses, sampleIngress)
  const first = 'spec.rules[0].http.paths[0]'
  const path = (change: Change, ...expected: string[]): void => (
    check(Object.fromEntries(Object.entries(change).map(([key, value]) => [`${first}.${key}`, value])), ...expected.map((text) => `${first}.${text}`)))
  check({})
  check({ 'spec.rules': [] }, 'spec: Invalid value: []: either `defaultBackend` or `rules` must be specified')
  for (const host of ['10.0.0.1', '010.0.0.1']) {
    check({ 'spec.rules[0].host': host }, `spec.rules[0].host: Invalid value: "${host}": must be a DNS name, not an IP address`)
  }
  check({ 'spec.rules[0].host': '*.example.com' })
  check({ 'spec.rules[0].host': 'a.*.com' }, 'spec.rules[0].host: Invalid value: "a.*.com": a wildcard DNS-1123 subdomain must start with \'*.\', followed by a'
    + " valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
    + " (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
  check({ 'spec.rules[0].http.paths': [] }, 'spec.rules[0].http.paths: Required value')
  path({ pathType: undefined }, 'pathType: Required value: pathType must be specified')
  path({ pathType: 'Regex' }, 'pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"')
  path({ path: 'a' }, 'path: Invalid value: "a": must be an absolute path')
  path({ path: '/a//b/..' }, 'path: Invalid value: "/a//b/..": must not contain \'//\'', 'path: Invalid value: "/a//b/..": cannot end with \'/..\'')
  path({ path: '', pathType: 'ImplementationSpecific' })
  path({ backend: {} }, 'backend: Invalid value: "": resource or service backend is required')
  path({ 'backend.resource': { kind: 'Bucket', name: 'b' } }, 'backend: Invalid value: "": cannot set both resource and service backends')
  path({ backend: { resource: { apiGroup: 'X', kind: '', name: 'a/b' } } },
    'backend.resource.apiGroup: Invalid value: "X": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start'
    + " and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    'backend.resource.kind: Required value', 'backend.resource.name: Invalid value: "a/b": may not contain \'/\'')
  path({ 'backend.service.port': {} }, 'backend: Required value: port name or number is required')
  path({ 'backend.service.port': { name: 'http', number: 80 } }, 'backend: Invalid value: "": cannot set both port name & port number')
  path({ 'backend.service': { port: { number: 80 } } }, 'backend.service.name: Required value')
  check({ 'metadata.annotations': { 'kubernetes.io/ingress.class': 'a' }, 'spec.ingressClassName': 'b' },
    'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified')
  updateChecks(ingresses, sampleIngress)({}, { 'metadata.annotations': { 'kubernetes.io/ingress.class': 'a' }, 'spec.ingressClassName': 'b' })
})

test('what an Ingress shows, and its status', () => {
  const rules = ['a', 'b', 'c', 'd', 'e'].map((host) => ({ host }))
  const status = { loadBalancer: { ingress: [{ ip: '10.0.0.2' }, { hostname: 'lb.example.com' }] } }
  const ingress = changed(sampleIngress(), { 'spec.rules': rules, 'spec.tls': [{}], 'spec.ingressClassName': 'nginx', status })
  assert.deepEqual(cellsOf(ingresses, ingress), {
    Class: 'nginx', Hosts: 'a,b,c + 2 more...', Address: '10.0.0.2,lb.example.com', Ports: '80, 443', Age: '<unknown>',
  })
  assert.deepEqual(cellsOf(ingresses, changed(sampleIngress(), { 'spec.rules[0].host': undefined })),
    { Class: '<none>', Hosts: '*', Address: '', Ports: '80', Age: '<unknown>' })
  const hostsOf = (...hosts: string[]): unknown => cellsOf(ingresses, changed(sampleIngress(), { 'spec.rules': hosts.map((host) => ({ host })) }))['Hosts']
  assert.deepEqual([hostsOf('a', '', 'b', 'c'), hostsOf('a', 'b', 'c', '')], ['a,b,c', 'a,b,c + 1 more...'])
  assert.deepEqual(created(ingresses, ingress).status, { loadBalancer: {} })
  const draft = { ...changed(sampleIngress(), { 'spec.ingressClassName': 'x' }), status: { loadBalancer: { ingress: [{ ip: 'x', hostname: '1.2.3.4' }] } } }
  ingresses.status?.prepareForUpdate(draft, sampleIngress(), context)
  assert.deepEqual(draft.spec, sampleIngress().spec)
  assert.deepEqual(messagesOf(ingresses.status?.validateUpdate(draft, sampleIngress()) ?? []), [
    'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  ])
})

test('the old way to name a class is warned of', () => {
  const old = changed(sampleIngress(), { 'metadata.annotations': { 'kubernetes.io/ingress.class': 'a' } })
  assert.deepEqual(ingresses.warnings(old, undefined),
    ['annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead'])
  assert.deepEqual(ingresses.warnings(old, old), [])
  assert.deepEqual(ingresses.warnings(changed(old, { 'spec.ingressClassName': 'a' }), undefined), [])
})

test('an IngressClass', () => {
  const check = createChecks(ingressClasses, sampleIngressClass)
  const parameters = { apiGroup: 'example.com', kind: 'Settings', name: 'fast' }
  const update = updateChecks(ingressClasses, sampleIngressClass)
  check({})
  check({ 'spec.parameters': parameters })
  check({ 'spec.controller': undefined }, 'spec.controller: Required value')
  check({ 'spec.controller': 'ingress' }, 'spec.controller: Invalid value: "ingress": must be a domain-prefixed path (such as "acme.io/foo")')
  check({ 'spec.parameters': { ...parameters, namespace: 'a' } }, "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'")
  check({ 'spec.parameters': { ...parameters, scope: 'Namespace' } }, "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'")
  check({ 'spec.parameters': { ...parameters, scope: 'Galaxy' } }, 'spec.parameters.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespace"')
  update({}, { 'spec.controller': 'example.com/other' }, 'spec.controller: Invalid value: "example.com/other": field is immutable')
  update({}, { 'spec.parameters': parameters })
  const shown = updated(ingressClasses, changed(sampleIngressClass(), { 'spec.parameters': parameters }), sampleIngressClass())
  assert.equal(shown.spec?.parameters?.scope, 'Cluster')
  assert.deepEqual(cellsOf(ingressClasses, shown), { Controller: 'example.com/ingress', Parameters: 'Settings.example.com/fast', Age: '<unknown>' })
})
