import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointSlice, Service } from '../resources/generated/types.ts'
import { service, slice } from './network.testing.ts'
import { serviceElements, type Elements } from './service-elements.ts'
import { serviceRoute } from './service-endpoints.ts'

function show(elements: Elements): string[] {
  return [...elements].flatMap(([container, pairs]) => {
    const bySlots = [...pairs].map(([key, value]) => `${container} ${key}${value === '' ? '' : ` -> ${value}`}`)
    return bySlots.length > 6 ? [`${container}: ${bySlots.length} elements`] : bySlots
  })
}

function check(title: string, object: Service, slices: readonly EndpointSlice[], expected: readonly string[]): void {
  test(title, () => {
    const route = serviceRoute(object, slices, 'here')
    assert.deepEqual(route === undefined ? [] : show(serviceElements(route)), expected)
  })
}

const http = { ports: [{ name: 'http', port: 80, protocol: 'TCP' }], clusterIP: '10.96.0.7' }
const nodePort = { ...http, type: 'NodePort', ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 }] }

check('one endpoint needs one element', service('web', http), [slice('web', { http: 8080 }, ['10.244.0.5'])], [
  'one 10.96.0.7 . tcp . 80 -> 10.244.0.5 . 8080',
  'hairpin 10.244.0.5 . 10.244.0.5',
])
check('zeros in front of numbers, which the API takes, are gone', service('web', { ...http, clusterIP: '010.096.0.07' }), [slice('web', { http: 8080 }, ['010.244.00.5'])], [
  'one 10.96.0.7 . tcp . 80 -> 10.244.0.5 . 8080',
  'hairpin 10.244.0.5 . 10.244.0.5',
])
check('no endpoint, no element: the service range refuses', service('web', http), [], [])
check('an endpoint that is not ready does not count', service('web', http), [slice('web', { http: 8080 }, ['10.244.0.5!', '10.244.0.6@there'])], [
  'one 10.96.0.7 . tcp . 80 -> 10.244.0.6 . 8080',
])
check('three endpoints share twelve slots', service('web', http), [slice('web', { http: 8080 }, ['10.244.0.5@there', '10.244.0.6@there', '10.244.0.7@there'])], [
  'dozen: 12 elements',
])
check('five endpoints share 420 slots', service('web', http), [slice('web', { http: 8080 }, [1, 2, 3, 4, 5].map((last) => `10.244.0.${last}@there`))], ['many: 420 elements'])
check('client affinity', service('web', { ...http, sessionAffinity: 'ClientIP' }), [slice('web', { http: 8080 }, ['10.244.0.5@there', '10.244.0.6@there'])], ['sticky: 420 elements'])
check('a node port keeps the client address while all endpoints are here', service('web', nodePort), [slice('web', { http: 8080 }, ['10.244.0.5'])], [
  'one 10.96.0.7 . tcp . 80 -> 10.244.0.5 . 8080',
  'node-one tcp . 30080 -> 10.244.0.5 . 8080',
  'hairpin 10.244.0.5 . 10.244.0.5',
])
check('with an endpoint elsewhere it is masqueraded', service('web', nodePort), [slice('web', { http: 8080 }, ['10.244.1.5@there'])], [
  'one 10.96.0.7 . tcp . 80 -> 10.244.1.5 . 8080',
  'node-one tcp . 30080 -> 10.244.1.5 . 8080',
  'node-masquerade tcp . 30080',
])
check('externalTrafficPolicy Local serves what is here, and refuses where nothing is', service('web', { ...nodePort, externalTrafficPolicy: 'Local' }), [slice('web', { http: 8080 }, ['10.244.1.5@there'])], [
  'one 10.96.0.7 . tcp . 80 -> 10.244.1.5 . 8080',
  'node-refused tcp . 30080',
])
check('external addresses', service('web', { ...http, externalIPs: ['192.0.2.9'] }), [], ['refused 192.0.2.9 . tcp . 80'])
check('headless', service('web', { ...http, clusterIP: 'None' }), [slice('web', { http: 8080 }, ['10.244.0.5'])], [])
check('terminating endpoints serve when nothing else does', service('web', http), [slice('web', { http: 8080 }, ['10.244.0.5@there'], 'default', { conditions: { ready: false, serving: true, terminating: true } })], [
  'one 10.96.0.7 . tcp . 80 -> 10.244.0.5 . 8080',
])
