import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cidrContains, formatIp, networkOf, parseCidr, parseIp, parseSloppyCidr, parseSloppyIp, plainAddress, portNameErrors, portNumberErrors } from './ports-and-addresses.ts'

test('addresses are read and written canonically', () => {
  const table: [string, string | undefined][] = [
    ['10.0.0.1', '10.0.0.1'], ['010.0.0.1', undefined], ['1.2.3', undefined], ['1.2.3.256', undefined], ['', undefined],
    ['::', '::'], ['::1', '::1'], ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['fd00::10.1.2.3', 'fd00::a01:203'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'], ['::FFFF:10.0.0.1', '::ffff:10.0.0.1'],
    ['1:2:3:4:5:6:7', undefined], ['1::2::3', undefined], ['fe80::1%eth0', undefined], [':::', undefined], ['1:2:3:4:5:6:7:8:9', undefined],
    ['12345::', undefined],
    ['1:', undefined], ['::1:2:3:4:5:6:7:8', undefined], ['10.0.0.1::', undefined],
  ]
  for (const [text, expected] of table) {
    const ip = parseIp(text)
    assert.equal(ip === undefined ? undefined : formatIp(ip), expected, text)
  }
})

test('older fields take leading zeros and mapped addresses', () => {
  const table: [string, string | undefined][] = [
    ['10.0.0.1', '10.0.0.1'], ['010.0.0.1', '10.0.0.1'], ['00010.000.00.008', '10.0.0.8'], ['0.0.0.0', '0.0.0.0'], ['010.0.0.0256', undefined], ['0x10.0.0.1', undefined],
    ['::ffff:010.0.0.1', '10.0.0.1'], ['00001::', '1::'], ['0:00:0:0:0:0:0:0001', '::1'], ['10.0.0', undefined], ['', undefined], ['::1%1', undefined],
  ]
  for (const [text, expected] of table) {
    const ip = parseSloppyIp(text)
    assert.equal(ip === undefined ? undefined : formatIp(ip), expected, text)
  }
  const plain: [string, string][] = [['10.0.0.1', '10.0.0.1'], ['0177.0.0.1', '177.0.0.1'], ['::ffff:010.0.0.1', '10.0.0.1'], ['FD00:0::1', 'fd00::1'], ['db.example.com', 'db.example.com'], ['None', 'None']]
  for (const [text, expected] of plain) assert.equal(plainAddress(text), expected)
  const cidr = parseSloppyCidr('010.01.0.0/016')
  assert.ok(cidr !== undefined)
  assert.deepEqual([formatIp(cidr), cidr.prefixBits], ['10.1.0.0', 16])
  for (const bad of ['10.0.0.0/033', '10.0.0.0', '10.0.0.0/', '10.0.0.0/0x8']) assert.equal(parseSloppyCidr(bad), undefined, bad)
})

test('ranges contain addresses', () => {
  const table: [string, string, boolean][] = [
    ['10.0.0.0/8', '10.255.0.1', true], ['10.0.0.0/8', '11.0.0.0', false], ['0.0.0.0/0', '1.2.3.4', true], ['0.0.0.0/0', '::1', false],
    ['fd00::/8', 'fdff::1', true], ['10.1.2.3/32', '10.1.2.3', true],
  ]
  for (const [range, address, expected] of table) {
    const cidr = parseCidr(range)
    const ip = parseIp(address)
    assert.ok(cidr !== undefined && ip !== undefined)
    assert.equal(cidrContains(cidr, ip), expected, `${range} ${address}`)
  }
  for (const bad of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/08', '/8', 'x/8', '::/129']) assert.equal(parseCidr(bad), undefined, bad)
  const cidr = parseCidr('10.1.2.3/24')
  assert.ok(cidr !== undefined)
  assert.equal(formatIp(networkOf(cidr)), '10.1.2.0')
})

test('port names and numbers', () => {
  for (const good of ['http', 'a', '8080-tcp']) assert.deepEqual(portNameErrors(good), [])
  for (const bad of ['', '80', 'a--b', '-a', 'a-', 'A', 'a-name-that-is-too-long']) assert.notEqual(portNameErrors(bad).length, 0, bad)
  assert.deepEqual(portNumberErrors(65535), [])
  for (const bad of [0, 65536, 1.5]) assert.deepEqual(portNumberErrors(bad), ['must be between 1 and 65535, inclusive'])
})
