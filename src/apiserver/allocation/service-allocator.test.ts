import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { copyJson } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Service, ServiceSpec } from '../../resources/generated/types.ts'
import type { AdmissionRequest, ObjectReader } from '../access.ts'
import { ServiceAllocator } from './service-allocator.ts'

const user = { name: 'u', uid: '', groups: [], extra: {} }

class World {
  readonly stored = new Map<string, Service>()
  readonly allocator: ServiceAllocator
  #seed = 1

  constructor(serviceRange = '10.96.0.0/16', nodePorts = { first: 30000, last: 32767 }) {
    const reader: ObjectReader = {
      get: (_kind, key) => this.stored.get(`${key.namespace}/${key.name}`) as never,
      list: () => [...this.stored.values()] as never,
    }
    const bytes = (length: number) => Uint8Array.from({ length }, () => (this.#seed = (this.#seed * 48271) % 0x7fffffff) & 0xff)
    this.allocator = new ServiceAllocator({ reader, random: { bytes }, serviceRange, nodePorts })
  }

  begin(name: string, spec: ServiceSpec, dryRun = false): { request: AdmissionRequest; spec: ServiceSpec } {
    const old = this.stored.get(`default/${name}`)
    const object: Service & KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: copyJson(spec) }
    const request: AdmissionRequest = {
      operation: old === undefined ? 'CREATE' : 'UPDATE', kind: kinds.Service, key: { namespace: 'default', name }, subresource: '', object, old, user, dryRun,
    }
    this.allocator.admit(request)
    return { request, spec: object.spec ?? {} }
  }

  write(name: string, spec: ServiceSpec): ServiceSpec {
    const { request, spec: allocated } = this.begin(name, spec)
    this.stored.set(`default/${name}`, request.object as Service)
    this.allocator.settled(request, 'stored')
    return allocated
  }
}

const tcp = (port: number, nodePort?: number) => ({ port, protocol: 'TCP', ...(nodePort === undefined ? {} : { nodePort }) })
const clusterIp = { type: 'ClusterIP', selector: { app: 'web' }, ports: [tcp(80)] }

test('what a new Service gets', () => {
  const world = new World()
  const plain = world.write('plain', clusterIp)
  assert.match(plain.clusterIP ?? '', /^10\.96\.\d+\.\d+$/)
  assert.deepEqual(plain.clusterIPs, [plain.clusterIP])
  assert.deepEqual([plain.ipFamilies, plain.ipFamilyPolicy], [['IPv4'], 'SingleStack'])

  const headless = world.write('headless', { ...clusterIp, clusterIP: 'None' })
  assert.deepEqual([headless.clusterIP, headless.clusterIPs, headless.ipFamilies], ['None', ['None'], ['IPv4']])
  const bare = world.write('bare', { type: 'ClusterIP', clusterIP: 'None', ports: [tcp(80)] })
  assert.deepEqual([bare.ipFamilies, bare.ipFamilyPolicy], [['IPv4', 'IPv6'], 'RequireDualStack'])
  const six = world.write('six', { type: 'ClusterIP', clusterIP: 'None', ipFamilies: ['IPv6'], ports: [tcp(80)] })
  assert.deepEqual([six.ipFamilies, six.ipFamilyPolicy], [['IPv6', 'IPv4'], 'RequireDualStack'])
  assert.deepEqual(world.write('bare', { ...bare, ipFamilyPolicy: 'SingleStack' }).ipFamilies, ['IPv4'])
  assert.equal(world.write('zeros', { ...clusterIp, clusterIP: '10.96.001.01' }).clusterIP, '10.96.001.01')
  for (const clusterIP of ['10.96.1.1', '010.096.1.1', '::ffff:10.96.1.1']) {
    assert.throws(() => world.begin('same', { ...clusterIp, clusterIP }), /provided IP is already allocated/)
  }
  const external = world.write('external', { type: 'ExternalName', externalName: 'example.com' })
  assert.deepEqual(external, { type: 'ExternalName', externalName: 'example.com' })
  const dns = world.write('dns', { type: 'NodePort', ports: [{ port: 53, protocol: 'UDP', name: 'a' }, { port: 53, protocol: 'TCP', name: 'b' }, tcp(80)] })
  const [udp, tcpPort, web] = (dns.ports ?? []).map((port) => port.nodePort ?? 0)
  assert.equal(udp, tcpPort)
  assert.notEqual(web, udp)
  assert.ok((web ?? 0) >= 30000 + 86 && (web ?? 0) <= 32767)
  const balancer = world.write('lb', { type: 'LoadBalancer', externalTrafficPolicy: 'Local', allocateLoadBalancerNodePorts: false, ports: [tcp(80)] })
  assert.equal(balancer.ports?.[0]?.nodePort, undefined)
  assert.ok((balancer.healthCheckNodePort ?? 0) >= 30000)
})

test('what is refused, in upstream\'s words', () => {
  const world = new World()
  world.write('taken', { ...clusterIp, clusterIP: '10.96.0.10' })
  world.write('taken-port', { type: 'NodePort', ports: [tcp(80, 30080)] })
  const table: [ServiceSpec, string][] = [
    [{ ...clusterIp, clusterIP: '10.96.0.10' }, 'Service "x" is invalid: spec.clusterIPs: Invalid value: []string{"10.96.0.10"}: failed to allocate IP 10.96.0.10: provided IP is already allocated'],
    [{ ...clusterIp, clusterIP: '10.97.0.1' }, 'Service "x" is invalid: spec.clusterIPs: Invalid value: []string{"10.97.0.1"}: failed to allocate IP 10.97.0.1: the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16'],
    [{ type: 'NodePort', ports: [tcp(80, 30080)] }, 'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated'],
    [{ type: 'NodePort', ports: [tcp(80, 80)] }, 'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767'],
    [{ ...clusterIp, ipFamilyPolicy: 'RequireDualStack' }, 'Service "x" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'],
    [{ ...clusterIp, ipFamilies: ['IPv6'] }, 'Service "x" is invalid: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
    [{ ...clusterIp, clusterIP: 'fd00::1' }, 'Service "x" is invalid: spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster'],
    [{ ...clusterIp, ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] }, 'Service "x" is invalid: spec.ipFamilyPolicy: Invalid value: "SingleStack": must be \'RequireDualStack\' or \'PreferDualStack\' when multiple IP families are specified'],
  ]
  for (const [spec, message] of table) assert.throws(() => world.begin('x', spec), { message })
})

test('updates keep, give and take back', () => {
  const world = new World()
  const first = world.write('web', { type: 'NodePort', ports: [tcp(80)] })
  const kept = world.write('web', { type: 'NodePort', ports: [tcp(80), tcp(443)] })
  assert.deepEqual([kept.clusterIP, kept.ports?.[0]?.nodePort, kept.ipFamilies], [first.clusterIP, first.ports?.[0]?.nodePort, ['IPv4']])
  const narrowed = world.write('web', { ...kept, type: 'ClusterIP' })
  assert.deepEqual(narrowed.ports, [tcp(80), tcp(443)])
  const other = world.write('other', { type: 'NodePort', ports: [tcp(80, kept.ports?.[0]?.nodePort)] })
  assert.equal(other.ports?.[0]?.nodePort, first.ports?.[0]?.nodePort)
  const external = world.write('web', { ...narrowed, type: 'ExternalName', externalName: 'example.com' })
  assert.equal(external.clusterIP, undefined)
  assert.equal(world.write('third', { ...clusterIp, ...(first.clusterIP === undefined ? {} : { clusterIP: first.clusterIP }) }).clusterIP, first.clusterIP)
})

test('a write that failed, a dry run and a deletion give everything back', () => {
  const world = new World()
  const spec = { type: 'NodePort', clusterIP: '10.96.0.20', ports: [tcp(80, 30100)] }
  world.allocator.settled(world.begin('a', spec).request, 'not-stored')
  world.allocator.settled(world.begin('b', spec, true).request, 'stored')
  world.write('c', spec)
  assert.throws(() => world.begin('d', spec))
  world.stored.delete('default/c')
  world.write('d', spec)
})

test('a half made reservation does not stay after a refusal', () => {
  const world = new World()
  assert.throws(() => world.begin('a', { type: 'NodePort', clusterIP: '10.96.0.30', ports: [tcp(80, 1)] }))
  world.write('b', { ...clusterIp, clusterIP: '10.96.0.30' })
})

test('the pool is found again after a restart', () => {
  const world = new World()
  const { clusterIP = '' } = world.write('a', clusterIp)
  const restarted = new World()
  for (const [key, service] of world.stored) restarted.stored.set(key, service)
  assert.throws(() => restarted.begin('b', { ...clusterIp, clusterIP }), /already allocated/)
})

test('a range can be used up to its last address, and says when it is full', () => {
  const world = new World('10.96.0.0/28')
  const addresses = new Set(Array.from({ length: 14 }, (_, index) => world.write(`s${index}`, clusterIp).clusterIP))
  assert.equal(addresses.size, 14)
  assert.throws(() => world.begin('more', clusterIp), { message: 'Internal error occurred: failed to allocate a serviceIP: range is full' })
})

test('property: writes under way at the same time never share an address or a port', () => {
  const step = fc.record({ name: fc.nat(8), outcome: fc.constantFrom('stored', 'not-stored', 'pending', 'delete'), port: fc.option(fc.nat(5)) })
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const world = new World('10.96.0.0/24', { first: 30000, last: 30040 })
    const pending: { request: AdmissionRequest; spec: ServiceSpec }[] = []
    steps.forEach(({ name, outcome, port }, index) => {
      if (outcome === 'delete') return void world.stored.delete(`default/s${name}`)
      const fresh = world.stored.has(`default/s${name}`) ? `n${index}` : `s${name}`
      try {
        const begun = world.begin(fresh, { type: 'NodePort', ports: [tcp(80, port === null ? undefined : 30000 + port)] })
        if (outcome === 'pending') return void pending.push(begun)
        if (outcome === 'stored') world.stored.set(`default/${fresh}`, begun.request.object as Service)
        world.allocator.settled(begun.request, outcome)
      } catch (error) {
        assert.match(String(error), /already allocated|range is full/)
      }
    })
    const specs = [...[...world.stored.values()].map((service) => service.spec ?? {}), ...pending.map((begun) => begun.spec)]
    assert.equal(new Set(specs.map((spec) => spec.clusterIP)).size, specs.length)
    assert.equal(new Set(specs.map((spec) => spec.ports?.[0]?.nodePort)).size, specs.length)
  }))
})
