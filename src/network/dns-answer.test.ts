import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answer, reverseZone, type DnsRecord, type RecordType } from './dns-answer.ts'
import { DnsZone } from './dns-zone.ts'
import { service, slice } from './network.testing.ts'

const zone = new DnsZone()
const ports = [{ name: 'http', port: 80, protocol: 'TCP' }]
zone.set(service('web', { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', 'fd00::7'], ports }), [])
zone.set(service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] }), [slice('db', { sql: 5432 }, ['10.244.0.5', '10.244.0.6', '10.244.0.7!'])])
zone.set(service('named', { clusterIP: 'None' }), [slice('named', { sql: 5432 }, ['10.244.0.8'], 'default', { hostname: 'db-0' })])
zone.set(service('empty', { clusterIP: 'None' }), [])
zone.set(service('out', { type: 'ExternalName', externalName: 'db.example.com' }), [])

function show(record: DnsRecord): string {
  return `${record.type} ${record.type === 'SRV' ? `${record.data.port} ${record.data.target}` : record.data}`
}

function check(name: string, type: RecordType, expected: string): void {
  test(`${type} ${name}`, () => {
    const found = answer(name, type, zone, 'cluster.local', [reverseZone('10.96.0.0/16'), reverseZone('10.244.0.0/16')])
    const text = found.outcome === 'records' ? found.records.map(show).join(', ') : found.outcome === 'alias' ? `alias ${found.target}` : found.outcome
    assert.equal(text, expected)
  })
}

check('web.default.svc.cluster.local', 'A', 'A 10.96.0.7')
check('web.default.svc.cluster.local', 'AAAA', 'AAAA fd00::7')
check('web.default.svc.cluster.local', 'TXT', '')
check('web.other.svc.cluster.local', 'A', 'no-such-name')
check('absent.default.svc.cluster.local', 'A', 'no-such-name')
check('_http._tcp.web.default.svc.cluster.local', 'SRV', 'SRV 80 web.default.svc.cluster.local')
check('_http._udp.web.default.svc.cluster.local', 'SRV', 'no-such-name')
check('_tcp.web.default.svc.cluster.local', 'SRV', '')
check('db.default.svc.cluster.local', 'A', 'A 10.244.0.5, A 10.244.0.6')
check('10-244-0-5.db.default.svc.cluster.local', 'A', 'A 10.244.0.5')
check('10-244-0-7.db.default.svc.cluster.local', 'A', 'no-such-name')
check('_sql._tcp.db.default.svc.cluster.local', 'SRV', 'SRV 5432 10-244-0-5.db.default.svc.cluster.local, SRV 5432 10-244-0-6.db.default.svc.cluster.local')
check('db-0.named.default.svc.cluster.local', 'A', 'A 10.244.0.8')
check('empty.default.svc.cluster.local', 'A', 'no-such-name')
check('out.default.svc.cluster.local', 'A', 'alias db.example.com')
check('10-244-0-9.default.pod.cluster.local', 'A', 'A 10.244.0.9')
check('10-244-0-999.default.pod.cluster.local', 'A', 'no-such-name')
check('default.svc.cluster.local', 'A', '')
check('svc.cluster.local', 'A', '')
check('nothing.cluster.local', 'A', 'no-such-name')
check('dns-version.cluster.local', 'TXT', 'TXT 1.1.0')
check('7.0.96.10.in-addr.arpa', 'PTR', 'PTR web.default.svc.cluster.local')
check('8.0.244.10.in-addr.arpa', 'PTR', 'PTR db-0.named.default.svc.cluster.local')
check('9.0.96.10.in-addr.arpa', 'PTR', 'no-such-name')
check('1.2.0.192.in-addr.arpa', 'PTR', 'elsewhere')
check('example.com', 'A', 'elsewhere')

test('what is removed is unknown again, backwards too', () => {
  const own = new DnsZone()
  own.set(service('web', { clusterIP: '10.96.0.7', ports }), [])
  own.remove('default', 'web')
  assert.equal(own.get('default', 'web'), undefined)
  assert.deepEqual(own.namesOf('10.96.0.7'), [])
  assert.equal(own.hasNamespace('default'), false)
})
