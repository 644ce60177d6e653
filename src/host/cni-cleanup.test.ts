import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasRules, portMappingRemovals } from './cni-cleanup.ts'

const saved = (names: readonly string[]): string => [
  '*nat',
  ':PREROUTING ACCEPT [0:0]',
  ':CNI-HOSTPORT-DNAT - [0:0]',
  ':CNI-HOSTPORT-MASQ - [0:0]',
  ':CNI-HOSTPORT-SETMARK - [0:0]',
  '-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
  '-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
  ...names.map((name, index) => (
    `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"${name}\\" id: \\"abc\\"" -m multiport --dports 80 -j CNI-DN-${index}`)),
  '-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE',
  'COMMIT',
].join('\n')

test('only rules of the network go while others have some', () => {
  assert.deepEqual(portMappingRemovals(saved(['lotse-a', 'lotse-b']), 'lotse-b'), [
    ['-D', 'CNI-HOSTPORT-DNAT', '-p', 'tcp', '-m', 'comment', '--comment', 'dnat name: "lotse-b" id: "abc"', '-m', 'multiport', '--dports', '80', '-j', 'CNI-DN-1'],
    ['-F', 'CNI-DN-1'],
    ['-X', 'CNI-DN-1'],
  ])
})

test('the chains for all go with the last of them', () => {
  assert.deepEqual(portMappingRemovals(saved([]), 'lotse-a'), [
    ['-D', 'PREROUTING', '-m', 'addrtype', '--dst-type', 'LOCAL', '-j', 'CNI-HOSTPORT-DNAT'],
    ['-D', 'POSTROUTING', '-m', 'comment', '--comment', 'CNI portfwd requiring masquerade', '-j', 'CNI-HOSTPORT-MASQ'],
    ['-F', 'CNI-HOSTPORT-DNAT'], ['-F', 'CNI-HOSTPORT-SETMARK'], ['-F', 'CNI-HOSTPORT-MASQ'],
    ['-X', 'CNI-HOSTPORT-DNAT'], ['-X', 'CNI-HOSTPORT-SETMARK'], ['-X', 'CNI-HOSTPORT-MASQ'],
  ])
})

test('nothing to do where no port was ever mapped', () => {
  assert.deepEqual(portMappingRemovals('*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n', 'lotse-a'), [])
})

test('a table with nothing but chains has no rules', () => {
  const listing = (...entries: object[]): string => JSON.stringify({ nftables: [{ metainfo: {} }, { table: { name: 'nat' } }, { chain: { name: 'OUTPUT' } }, ...entries] })
  assert.equal(hasRules(listing()), false)
  assert.equal(hasRules(listing({ rule: { chain: 'OUTPUT' } })), true)
})
