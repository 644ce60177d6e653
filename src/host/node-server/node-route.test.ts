import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeRoute } from './node-route.ts'

test('paths of the kubelet', () => {
  const check = (url: string, expected: object): void => {
    const route = nodeRoute(url)
    assert.deepEqual('query' in route ? { ...route, query: route.query.toString() } : route, expected)
  }
  check('/healthz', { type: 'healthz' })
  check('/containerLogs/default/web-1/main?follow=true', { type: 'logs', namespace: 'default', pod: 'web-1', container: 'main', query: 'follow=true' })
  check('/exec/a/b/c?command=ls&command=-l', { type: 'exec', namespace: 'a', pod: 'b', container: 'c', query: 'command=ls&command=-l' })
  check('/attach/a/b/c', { type: 'attach', namespace: 'a', pod: 'b', container: 'c', query: '' })
  check('/portForward/a/b?ports=80', { type: 'port-forward', namespace: 'a', pod: 'b', query: 'ports=80' })
})

test('others are refused', () => {
  const check = (url: string, status: number): void => assert.throws(() => nodeRoute(url), { status })
  for (const url of ['/', '/pods', '/exec/a/b', '/exec/a/b/', '/exec/a/b/c/d', '/portForward/a', '/healthz/x', '/run/a/b/c']) check(url, 404)
  check('/exec/a/%zz/c', 400)
})
