import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryClient } from '../reconcile/memory-client.testing.ts'
import { kinds } from '../resources/generated/kinds.ts'
import { ManualClock, SeededRandom } from '../words/manual-clock.testing.ts'
import { silentLog } from '../words/ports.ts'
import { service, slice } from './network.testing.ts'
import { ServiceDirectory } from './service-directory.ts'
import { ServiceProxy } from './service-proxy.ts'

interface Bench {
  readonly client: MemoryClient
  readonly clock: ManualClock
  /** Scripts that were applied since the last look: their element lines, or "(table)" for a whole new one. */
  look(): Promise<string>
  failNext: boolean
  readonly forgotten: string[]
  stop(): Promise<void>
}

function start(): Bench {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const client = new MemoryClient(clock, random)
  const applied: string[] = []
  const stop = new AbortController()
  const bench: Bench = {
    client, clock, failNext: false, forgotten: [],
    async look() {
      await clock.pass(5_000)
      const lines = applied.splice(0).flatMap((script) => (script.includes('chain services') ? ['(table)'] : []).concat(script.split('\n').filter((line) => /^(add|delete) element/.test(line))))
      return lines.map((line) => line.replace(' element ip t', '')).join('\n')
    },
    async stop() {
      stop.abort()
      await clock.pass(1)
      await running
    },
  }
  const services = new ServiceDirectory({ client, clock, random, log: silentLog })
  const proxy = new ServiceProxy({
    services, clock, log: silentLog, nodeName: 'here', table: 't', podCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/16',
    localDns: { serviceAddress: '10.96.0.10', target: { address: '127.0.0.1', port: 1053 } },
    applier: {
      apply(script) {
        if (bench.failNext) {
          bench.failNext = false
          return Promise.reject(new Error('No such file or directory'))
        }
        applied.push(script)
        return Promise.resolve()
      },
      forgetUdpFlows(addresses) {
        bench.forgotten.push(...addresses)
        return Promise.resolve()
      },
    },
  })
  const running = Promise.all([proxy.run(stop.signal), services.run(stop.signal)])
  return bench
}

const web = service('web', { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] })
const DNS = 'add one { 10.96.0.10 . udp . 53 : 127.0.0.1 . 1053, 10.96.0.10 . tcp . 53 : 127.0.0.1 . 1053 }'
const WEB_ELEMENT = 'add one { 10.96.0.7 . tcp . 80 : 10.244.1.5 . 8080 }'

test('a Service comes, gets an endpoint, another one, and goes', async () => {
  const bench = start()
  assert.equal(await bench.look(), `(table)\n${DNS}`)
  await bench.client.create(kinds.Service, web)
  assert.equal(await bench.look(), '')
  const created = await bench.client.create(kinds.EndpointSlice, slice('web', { http: 8080 }, ['10.244.1.5@there']))
  assert.equal(await bench.look(), WEB_ELEMENT)
  await bench.client.update(kinds.EndpointSlice, { ...created, endpoints: [{ addresses: ['10.244.1.6'], nodeName: 'there', conditions: { ready: true } }] })
  assert.equal(await bench.look(), 'delete one { 10.96.0.7 . tcp . 80 }\nadd one { 10.96.0.7 . tcp . 80 : 10.244.1.6 . 8080 }')
  await bench.client.delete(kinds.Service, { namespace: 'default', name: 'web' })
  assert.equal(await bench.look(), 'delete one { 10.96.0.7 . tcp . 80 }')
  assert.deepEqual(bench.forgotten, [])
  await bench.stop()
})

test('a script that the kernel refuses is followed by the whole table', async () => {
  const bench = start()
  await bench.client.create(kinds.Service, web)
  await bench.look()
  bench.failNext = true
  await bench.client.create(kinds.EndpointSlice, slice('web', { http: 8080 }, ['10.244.1.5@there']))
  assert.equal(await bench.look(), `(table)\n${DNS}\n${WEB_ELEMENT}`)
  await bench.stop()
})

test('flows to a UDP backend that went are forgotten', async () => {
  const bench = start()
  await bench.client.create(kinds.Service, service('dns', { clusterIP: '10.96.0.8', ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] }))
  await bench.client.create(kinds.EndpointSlice, slice('dns', { dns: 53 }, ['10.244.1.5@there']))
  await bench.look()
  await bench.client.delete(kinds.EndpointSlice, { namespace: 'default', name: 'dns-1' })
  await bench.look()
  assert.deepEqual(bench.forgotten, ['10.244.1.5'])
  await bench.stop()
})
