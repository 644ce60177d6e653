import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PriorityLevelConfigurationSpec } from '../../resources/generated/types.ts'
import { parseRequest } from '../request-info.ts'
import { DroppedRequests } from './dropped-requests.ts'
import { PriorityLevel } from './priority-level.ts'
import { WatchCounts } from './watch-counts.ts'
import { isHeardOf, isListFromCache, limitIn, workOfList, workOfWrite } from './work-estimate.ts'

test('seats of lists: by what is walked, more of it where a page or the past is read from the store', () => {
  const check = (stored: number, query: string, expected: number, maxSeats = 10): void => {
    const parameters = new URLSearchParams(query)
    const hasSelector = parameters.has('labelSelector')
    const size = { stored, limit: limitIn(parameters), hasSelector, isFromCache: isListFromCache(parameters) }
    assert.equal(workOfList(size, { name: '' }, maxSeats).seats, expected, `${stored} ?${query}`)
  }
  check(0, '', 1)
  check(100, '', 1)
  check(450, '', 5)
  check(450, 'labelSelector=a', 5)
  check(450, 'limit=500&resourceVersion=0', 5)
  check(450, 'limit=200', 4)
  check(450, 'limit=500', 9)
  check(450, 'limit=200&labelSelector=a', 7)
  check(450, 'continue=x', 9)
  check(450, 'resourceVersion=7&resourceVersionMatch=Exact', 9)
  check(450, 'resourceVersion=7&resourceVersionMatch=NotOlderThan', 5)
  check(450, 'limit=-1', 5)
  check(1e6, '', 10)
  check(1e6, '', 3, 3)
  assert.equal(workOfList({ stored: 1e6, limit: 0, hasSelector: false, isFromCache: true }, { name: 'one' }, 10).seats, 1)
})

test('seats of writes: a seat for ten watches, for five milliseconds after the answer; fewer seats, longer', () => {
  const check = (watches: number, maxSeats: number, expected: string): void => {
    const { seats, lateSeats, lateMs, width } = workOfWrite(watches, maxSeats)
    assert.equal(`${seats}, then ${lateSeats} for ${lateMs} ms; width ${width}`, expected, `${watches} watches`)
  }
  check(0, 10, '1, then 0 for 0 ms; width 1')
  check(9, 10, '1, then 0 for 0 ms; width 1')
  check(10, 10, '1, then 1 for 5 ms; width 1')
  check(41, 10, '1, then 5 for 5 ms; width 5')
  check(200, 10, '1, then 10 for 10 ms; width 10')
  check(200, 4, '1, then 4 for 25 ms; width 4')
})

test('which writes watches hear of', () => {
  const check = (method: string, path: string, expected: boolean): void =>
    assert.equal(isHeardOf(parseRequest(method, path, new URLSearchParams())), expected, `${method} ${path}`)
  check('POST', '/api/v1/namespaces/a/pods', true)
  check('PATCH', '/api/v1/namespaces/a/pods/x/status', true)
  check('DELETE', '/api/v1/namespaces/a/pods/x', true)
  check('GET', '/api/v1/namespaces/a/pods/x', false)
  check('POST', '/api/v1/namespaces/a/serviceaccounts/x/token', false)
  check('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', false)
})

test('who hears of a write', () => {
  const counts = new WatchCounts()
  const followed = [['', ''], ['', ''], ['a', ''], ['b', ''], ['a', 'x'], ['', 'x']].map(([namespace = '', name = '']) => ({ namespace, name }))
  for (const key of followed) counts.add(key)
  const interested = (namespace: string, name: string): number => counts.interestedIn({ namespace, name })
  assert.deepEqual([interested('a', 'x'), interested('a', 'y'), interested('a', ''), interested('c', 'x'), interested('', 'x')], [5, 3, 3, 3, 3])
  for (const key of followed) counts.remove(key)
  assert.deepEqual([counts.total, interested('a', 'x')], [0, 0])
})

test('no request takes more than a part of its level, so that other queues have seats too', () => {
  const check = (nominal: number, limited: PriorityLevelConfigurationSpec['limited'], expected: number): void => {
    const level = new PriorityLevel('own')
    level.configure({ type: 'Limited', limited: limited ?? {} }, '', { nominal, least: 0, most: 1_000 }, 0)
    assert.equal(level.maxRequestSeats, expected)
  }
  const queuing = (handSize: number): PriorityLevelConfigurationSpec['limited'] => ({ limitResponse: { type: 'Queue', queuing: { handSize } } })
  check(245, queuing(6), 10)
  check(49, queuing(6), 8)
  check(49, queuing(12), 4)
  check(3, queuing(8), 1)
  check(13, { limitResponse: { type: 'Reject' } }, 10)
})

test('who is refused is told to stay away the longer the more are', () => {
  const dropped = new DroppedRequests()
  const drop = (second: number, count: number): number => {
    for (let index = 0; index < count; index++) dropped.note(second * 1_000 + index)
    return dropped.retryAfterSeconds
  }
  const drops = (from: number, until: number, count: number): number[] => Array.from({ length: until - from }, (_, index) => drop(from + index, count))
  assert.deepEqual(drops(100, 108, 5), [1, 2, 2, 4, 4, 4, 4, 8], 'three for each second of the last while')
  assert.deepEqual(drops(108, 112, 1), [8, 8, 8, 8], 'as many as seconds: it stays')
  assert.deepEqual([drop(130, 1), drop(140, 1), drop(150, 1)], [7, 6, 5], 'few: back by one')
  drops(200, 300, 200)
  assert.equal(dropped.retryAfterSeconds, 32)
})
