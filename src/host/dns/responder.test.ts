import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { after, before, test } from 'node:test'
import packet, { type Answer, type DecodedPacket } from 'dns-packet'
import type { DnsDirectory } from '../../network/dns-directory.ts'
import { DnsZone } from '../../network/dns-zone.ts'
import { service, slice } from '../../network/network.testing.ts'
import { silentLog } from '../../words/ports.ts'
import { respond, type ResponderParts } from './responder.ts'
import { startDnsServer, type DnsServer } from './server.ts'
import { Upstream } from './upstream.ts'

const zone = new DnsZone()
zone.set(service('web', { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }), [])
zone.set(service('out', { type: 'ExternalName', externalName: 'outside.example' }), [])
zone.set(service('many', { clusterIP: 'None' }), [slice('many', { http: 80 }, Array.from({ length: 100 }, (_, index) => `10.244.0.${index}`))])

let outside: DnsServer | undefined
let parts: ResponderParts = partsWith(true, [])

function partsWith(isReady: boolean, servers: { address: string; port: number }[]): ResponderParts {
  const directory = { zone, isReady } as DnsDirectory
  return { directory, upstream: new Upstream(servers), clusterDomain: 'cluster.local', reverseZones: ['96.10.in-addr.arpa'] }
}

/** A name server outside: another instance of ours, whose cluster domain is "example". */
before(async () => {
  const own = new DnsZone()
  own.set(service('outside', { clusterIP: '192.0.2.7' }, 'x'), [])
  const directory = { zone: own, isReady: true } as DnsDirectory
  outside = await startDnsServer({ directory, upstream: new Upstream([]), clusterDomain: 'example', reverseZones: [], address: '127.0.0.1', port: 0, log: silentLog })
  parts = partsWith(true, [{ address: '127.0.0.1', port: outside.port }])
})
after(() => outside?.close())

async function ask(name: string, type: 'A' | 'SRV' | 'PTR' | 'CNAME' = 'A', with_: ResponderParts = parts, additionals: Answer[] = []): Promise<DecodedPacket & { rcode?: string }> {
  const question = packet.encode({ type: 'query', id: 7, flags: packet.RECURSION_DESIRED, questions: [{ name, type }], additionals })
  const answer = await respond(question, 'udp', with_)
  assert.ok(answer !== undefined)
  return packet.decode(answer)
}

function data(answer: DecodedPacket): string {
  return (answer.answers ?? []).map((each) => ('data' in each ? `${each.type} ${JSON.stringify(each.data)}` : each.type)).join(', ')
}

test('names of the cluster are answered with authority, in any case', async () => {
  const answer = await ask('Web.Default.SVC.cluster.local')
  assert.equal(data(answer), 'A "10.96.0.7"')
  assert.equal(answer.flag_aa, true)
  assert.equal(answer.id, 7)
})

test('a name that is not there: NXDOMAIN with the SOA that says how long', async () => {
  const answer = await ask('nothing.default.svc.cluster.local')
  assert.equal(answer.rcode, 'NXDOMAIN')
  assert.deepEqual(answer.authorities?.map((each) => each.type), ['SOA'])
})

test('other names go upstream, with their id', async () => {
  const answer = await ask('outside.x.svc.example')
  assert.equal(data(answer), 'A "192.0.2.7"')
  assert.equal(answer.id, 7)
})

test('an external name is a CNAME; one that cannot be followed is SERVFAIL', async () => {
  assert.equal(data(await ask('out.default.svc.cluster.local', 'CNAME')), 'CNAME "outside.example"')
  const lost = await ask('out.default.svc.cluster.local', 'A', partsWith(true, []))
  assert.equal(lost.rcode, 'SERVFAIL')
})

test('before the directory has been read nothing is denied', async () => {
  assert.equal((await ask('web.default.svc.cluster.local', 'A', partsWith(false, []))).rcode, 'SERVFAIL')
})

test('what does not fit is truncated, unless the client takes more', async () => {
  const small = await ask('many.default.svc.cluster.local')
  assert.equal(small.flag_tc, true)
  assert.equal(small.answers?.length, 0)
  const whole = await respond(packet.encode({ type: 'query', id: 1, questions: [{ name: 'many.default.svc.cluster.local', type: 'A' }] }), 'tcp', parts)
  assert.equal(packet.decode(whole ?? Buffer.alloc(0)).answers?.length, 100)
})

test('rubbish and answers get no answer; two questions get FORMERR', async () => {
  assert.equal(await respond(Buffer.from('rubbish'), 'udp', parts), undefined)
  assert.equal(await respond(packet.encode({ type: 'response', id: 1, questions: [{ name: 'a', type: 'A' }] }), 'udp', parts), undefined)
  const two = await respond(packet.encode({ type: 'query', id: 1, questions: [{ name: 'a', type: 'A' }, { name: 'b', type: 'A' }] }), 'udp', parts)
  assert.equal((packet.decode(two ?? Buffer.alloc(0)) as { rcode?: string }).rcode, 'FORMERR')
})

test('over the wire, by UDP', async () => {
  const socket = createSocket('udp4')
  const received = new Promise<Buffer>((resolve) => socket.once('message', resolve))
  socket.send(packet.encode({ type: 'query', id: 9, questions: [{ name: 'outside.x.svc.example', type: 'A' }] }), outside?.port ?? 0, '127.0.0.1')
  assert.equal(data(packet.decode(await received)), 'A "192.0.2.7"')
  socket.close()
})
