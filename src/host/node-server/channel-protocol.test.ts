import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channelProtocol, decodeChannelMessage, encodeChannelMessage } from './channel-protocol.ts'

test('messages carry their channel, in bytes or in base64', () => {
  const check = (name: string, wire: Buffer | string, channel: number, text: string): void => {
    const protocol = channelProtocol(name)
    assert.deepEqual(encodeChannelMessage(protocol, channel, Buffer.from(text)), wire)
    const decoded = decodeChannelMessage(protocol, Buffer.from(wire))
    assert.deepEqual([decoded?.channel, decoded?.bytes.toString()], [channel, text])
  }
  check('v5.channel.k8s.io', Buffer.from('\x01hello'), 1, 'hello')
  check('v4.channel.k8s.io', Buffer.from('\x00'), 0, '')
  check('', Buffer.from('\x02err'), 2, 'err')
  check('v4.base64.channel.k8s.io', '1aGVsbG8=', 1, 'hello')
  check('base64.channel.k8s.io', '3', 3, '')
})

test('an empty message means nothing', () => {
  assert.equal(decodeChannelMessage(channelProtocol('v5.channel.k8s.io'), Buffer.alloc(0)), undefined)
})

test('the versions differ in the status and the close signal', () => {
  const check = (name: string, statusAsJson: boolean, closeSignal: boolean): void => {
    const protocol = channelProtocol(name)
    assert.deepEqual([protocol.statusAsJson, protocol.closeSignal], [statusAsJson, closeSignal], name)
  }
  check('v5.channel.k8s.io', true, true)
  check('v4.channel.k8s.io', true, false)
  check('channel.k8s.io', false, false)
  check('', false, false)
})
