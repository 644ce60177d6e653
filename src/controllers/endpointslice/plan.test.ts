import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../reconcile/controller.ts'
import type { EndpointSlice, Pod, Service } from '../../resources/generated/types.ts'
import { NOW, countingNames, lines, node, pod, service } from '../objects.testing.ts'
import { planEndpointSlices } from './plan.ts'

const nodes = new Map([['node-1', node('node-1')]])

function plan(of: Service, pods: readonly Pod[], slices: readonly EndpointSlice[] = []): Plan {
  return planEndpointSlices({ service: of, pods, nodes, slices }, NOW, countingNames())
}

/** The slices after a plan, as the server would hold them. */
function after({ actions }: Plan, before: readonly EndpointSlice[] = []): readonly EndpointSlice[] {
  const slices = new Map(before.map((slice) => [slice.metadata.name, slice]))
  for (const action of actions) {
    if (action.verb === 'delete') slices.delete(action.key.name)
    else if (action.verb === 'create' || action.verb === 'update') slices.set(action.object.metadata.name, action.object as EndpointSlice)
  }
  return [...slices.values()]
}

/** ready, serving, terminating as letters: 10.0.0.1 rs-. */
function show(slice: EndpointSlice | undefined): string {
  const endpoints = (slice?.endpoints ?? []).map(({ addresses, conditions }) => {
    const { ready, serving, terminating } = conditions ?? {}
    return `${addresses[0]} ${ready === true ? 'r' : '-'}${serving === true ? 's' : '-'}${terminating === true ? 't' : '-'}`
  })
  const ports = (slice?.ports ?? []).map(({ name, port, protocol }) => `${name}:${port}/${protocol}`)
  return `${slice?.metadata.name} [${ports.join(' ')}] ${endpoints.join(', ')}`
}

test('pods become endpoints with their conditions', () => {
  const check = (of: Service, pods: readonly Pod[], expected: readonly string[]): void => assert.deepEqual(after(plan(of, pods)).map(show), expected)
  const ready = pod('a', { ip: '10.0.0.1' })
  check(service(), [ready, pod('b', { ready: false, ip: '10.0.0.2' })], ['web-n1 [:8080/TCP] 10.0.0.1 rs-, 10.0.0.2 ---'])
  check(service(), [pod('a', { deleting: true })], ['web-n1 [:8080/TCP] 10.0.0.1 -st'])
  check(service({ publishNotReadyAddresses: true }), [pod('b', { ready: false })], ['web-n1 [:8080/TCP] 10.0.0.1 r--'])
  check(service(), [], ['web-n1 [] '])
  check(service({ selector: {} }), [ready], [])
  check(service({ clusterIP: 'None', ports: [] }), [ready], ['web-n1 [] 10.0.0.1 rs-'])
})

test('what an endpoint and its slice say', () => {
  const [slice] = after(plan(service({ clusterIP: 'None' }, { team: 'shop' }), [pod('web-0', { spec: { hostname: 'web-0', subdomain: 'web' } })]))
  assert.deepEqual(slice?.endpoints[0], {
    addresses: ['10.0.0.1'], conditions: { ready: true, serving: true, terminating: false }, hostname: 'web-0', nodeName: 'node-1',
    targetRef: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'web-0-uid' }, zone: 'a',
  })
  assert.deepEqual(slice?.metadata.labels, {
    team: 'shop', 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io', 'service.kubernetes.io/headless': '',
  })
  assert.equal(slice?.metadata.ownerReferences?.[0]?.kind, 'Service')
})

test('a named port is looked up in each pod: other numbers make other slices', () => {
  const withPort = (name: string, ip: string, containerPort: number): Pod => pod(name, { ip, spec: { containers: [{ name: 'web', ports: [{ name: 'http', containerPort }] }] } })
  const of = service({ ports: [{ name: 'web', port: 80, targetPort: 'http' }] })
  const pods = [withPort('a', '10.0.0.1', 8080), withPort('b', '10.0.0.2', 9090), withPort('c', '10.0.0.3', 8080)]
  assert.deepEqual(after(plan(of, pods)).map(show), ['web-n1 [web:8080/TCP] 10.0.0.1 rs-, 10.0.0.3 rs-', 'web-n2 [web:9090/TCP] 10.0.0.2 rs-'])
})

test('few writes: endpoints stay where they are, full slices are left alone', () => {
  const many = Array.from({ length: 250 }, (_, index) => pod(`p${index}`, { ip: `10.1.${Math.floor(index / 100)}.${index % 100}` }))
  const first = after(plan(service(), many))
  assert.deepEqual(first.map(({ endpoints }) => endpoints.length), [100, 100, 50])
  assert.deepEqual(plan(service(), many, first).actions, [])
  const next = plan(service(), [...many.slice(1), pod('new', { ip: '10.2.0.1' })], first)
  assert.deepEqual(lines(next.actions), ['update endpointslices web-n1'])
  assert.deepEqual(after(next, first).map(({ endpoints }) => endpoints.length), [100, 100, 50])
  const fewer = plan(service(), many.slice(0, 100), first)
  assert.deepEqual(lines(fewer.actions), ['delete endpointslices web-n2', 'delete endpointslices web-n3'])
  const none = plan(service(), [], first)
  assert.deepEqual(lines(none.actions), ['update endpointslices web-n1', 'delete endpointslices web-n2', 'delete endpointslices web-n3'])
  assert.deepEqual(after(none, first).map(show), ['web-n1 [] '])
  assert.deepEqual(plan(service(), [], after(none, first)).actions, [])
  assert.deepEqual(lines(plan(service(), many.slice(0, 3), after(none, first)).actions), ['update endpointslices web-n1'])
})
