import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoints, Pod, Service } from '../../resources/generated/types.ts'
import { lines, pod, service } from '../objects.testing.ts'
import { isManaged, planEndpoints } from './plan.ts'

function endpointsOf(of: Service, pods: readonly Pod[]): Endpoints {
  const [action] = planEndpoints({ service: of, pods, endpoints: undefined }).actions
  assert.ok(action?.verb === 'create')
  return action.object as Endpoints
}

test('subsets by ports, addresses by readiness', () => {
  const check = (of: Service, pods: readonly Pod[], expected: readonly string[]): void => {
    const texts = (endpointsOf(of, pods).subsets ?? []).map(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
      return `${addresses.map(({ ip }) => ip).join(' ')} | ${notReadyAddresses.map(({ ip }) => ip).join(' ')} | ${ports.map(({ port }) => port).join(' ')}`
    })
    assert.deepEqual(texts, expected)
  }
  const [a, b] = [pod('a', { ip: '10.0.0.2' }), pod('b', { ip: '10.0.0.1' })]
  check(service(), [a, b], ['10.0.0.1 10.0.0.2 |  | 8080'])
  check(service(), [a, pod('c', { ready: false, ip: '10.0.0.3' })], ['10.0.0.2 | 10.0.0.3 | 8080'])
  check(service(), [pod('d', { deleting: true })], [])
  check(service({ publishNotReadyAddresses: true }), [pod('d', { deleting: true, ready: false })], ['10.0.0.1 |  | 8080'])
  check(service({ clusterIP: 'None', ports: [] }), [a], ['10.0.0.2 |  | '])
  check(service({ ports: [{ port: 80, targetPort: 'unknown' }] }), [a], [])
})

test('an unchanged state writes nothing; a service that is gone takes only managed Endpoints along', () => {
  const endpoints = endpointsOf(service(), [pod('a')])
  assert.equal(isManaged(endpoints), true)
  assert.deepEqual(planEndpoints({ service: service(), pods: [pod('a')], endpoints }).actions, [])
  assert.deepEqual(lines(planEndpoints({ service: service(), pods: [], endpoints }).actions), ['update endpoints web'])
  assert.deepEqual(lines(planEndpoints({ service: undefined, pods: [], endpoints }).actions), ['delete endpoints web'])
  assert.deepEqual(planEndpoints({ service: service({ selector: {} }), pods: [], endpoints }).actions, [])
})
