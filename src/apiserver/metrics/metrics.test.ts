import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestClock, settle, startTestServer } from '../apiserver.testing.ts'
import { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import { Histogram } from '../../words/histogram.ts'
import { histogramSamples } from './histogram-family.ts'
import type { ServerResponse } from '../http.ts'
import { parseRequest } from '../request-info.ts'
import { counter, expositionOf, gauge } from './metric-family.ts'
import { RequestMetrics } from './request-metrics.ts'

test('text as Prometheus reads it', () => {
  const histogram = new Histogram([1, 5])
  for (const value of [0.5, 1, 3, 100]) histogram.observe(value)
  const text = expositionOf([
    counter('a_total', 'What\nit \\ is.', [[{ path: 'C:\\x "y"\n' }, 3], [{}, 0.5]]),
    gauge('nothing', 'No samples.', []),
    { name: 'h', help: 'Sizes.', type: 'histogram', samples: histogramSamples(histogram, { verb: 'GET' }) },
  ])
  assert.deepEqual(text.split('\n'), [
    '# HELP a_total What\\nit \\\\ is.', '# TYPE a_total counter', 'a_total{path="C:\\\\x \\"y\\"\\n"} 3', 'a_total 0.5',
    '# HELP h Sizes.', '# TYPE h histogram', 'h_bucket{verb="GET",le="1"} 2', 'h_bucket{verb="GET",le="5"} 3',
    'h_bucket{verb="GET",le="+Inf"} 4', 'h_sum{verb="GET"} 104.5', 'h_count{verb="GET"} 4', '',
  ])
})

const MAPS = '/api/v1/namespaces/shop/configmaps'

test('requests are counted by what they ask and how they were answered, and strangers make no series', async () => {
  const server = await startTestServer()
  await server.request('POST', MAPS, { metadata: { name: 'a' } })
  await server.request('POST', `${MAPS}?dryRun=All`, { metadata: { name: 'b' } })
  await server.request('GET', `${MAPS}/a`)
  await server.request('GET', `${MAPS}/a`)
  await server.request('GET', `${MAPS}/none`)
  await server.request('GET', MAPS)
  await server.request('GET', '/api/v1/configmaps')
  await server.request('PATCH', `${MAPS}/a?fieldManager=m`, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}', { 'content-type': 'application/apply-patch+yaml' })
  for (let index = 0; index < 5; index++) await server.request('GET', `/api/v1/namespaces/shop/strange${index}/x`)
  await server.request('GET', '/nowhere')
  const watch = await server.watch(`${MAPS}?watch=1`)
  const lines = async (...starts: readonly string[]): Promise<readonly string[]> => (await server.request('GET', '/metrics')).text.split('\n')
    .filter((line) => starts.some((start) => line.startsWith(start)))
  const shown = (await lines('apiserver_request_total')).map((line) => {
    const label = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(line)?.[1] ?? ''
    return `${label('verb')} ${label('resource')} ${label('scope')} ${label('dry_run')} ${label('code')}: ${line.split(' ').at(-1)}`
  })
  assert.deepEqual(shown, [
    'POST configmaps resource  201: 1', 'POST configmaps resource All 201: 1', 'GET configmaps resource  200: 2', 'GET configmaps resource  404: 1',
    'GET    404: 6', 'LIST configmaps namespace  200: 1', 'LIST configmaps cluster  200: 1', 'APPLY configmaps resource  200: 1',
  ])
  assert.deepEqual(await lines('apiserver_longrunning_requests', 'apiserver_watch_events_total', 'apiserver_storage_objects{resource="configmaps"'), [
    'apiserver_longrunning_requests{component="apiserver",group="",resource="configmaps",scope="namespace",subresource="",verb="WATCH",version="v1"} 1',
    'apiserver_storage_objects{resource="configmaps"} 1',
    'apiserver_watch_events_total{group="",kind="ConfigMap",version="v1"} 1',
  ])
  assert.deepEqual(await lines('apiserver_cache_list', 'apiserver_watch_events_sizes_count', 'apiserver_current_inqueue_requests', 'apiserver_request_sli_duration_seconds_count{component="apiserver",group="",resource="configmaps",scope="cluster"'), [
    'apiserver_request_sli_duration_seconds_count{component="apiserver",group="",resource="configmaps",scope="cluster",subresource="",verb="LIST",version="v1"} 1',
    'apiserver_current_inqueue_requests{request_kind="readOnly"} 0', 'apiserver_current_inqueue_requests{request_kind="mutating"} 0',
    'apiserver_watch_events_sizes_count{group="",kind="ConfigMap",version="v1"} 1',
    'apiserver_cache_list_total{index="",resource_prefix="/configmaps"} 2',
    'apiserver_cache_list_fetched_objects_total{index="",resource_prefix="/configmaps"} 2',
    'apiserver_cache_list_returned_objects_total{resource_prefix="/configmaps"} 2',
  ])
  await server.request('DELETE', `${MAPS}/a`)
  await watch.close()
  assert.equal((await lines('apiserver_watch_events_total'))[0]?.split(' ')[1], '2')
  assert.deepEqual(await lines('etcd_request_duration_seconds_count'), [
    'etcd_request_duration_seconds_count{operation="create",type="configmaps"} 1',
    'etcd_request_duration_seconds_count{operation="delete",type="configmaps"} 1',
  ])
})

test('the time that a request waits for seats is not held against who answers it', () => {
  const metrics = new RequestMetrics({ isKnown: () => true })
  const info = parseRequest('GET', '/api/v1/namespaces/shop/pods/x', new URLSearchParams())
  const summary = { info, method: 'GET', isApply: false, isDryRun: false }
  const response: ServerResponse = { type: 'whole', status: 200, headers: {}, body: [] }
  metrics.answered(summary, response, 20, 0)
  metrics.answered(summary, response, 900, 0)
  metrics.answered(summary, response, 2_100, 2_000)
  const shown = (name: string): readonly string[] => (metrics.families().find((family) => family.name === name)?.samples ?? [])
    .filter(({ labels }) => ['0.05', '0.1', '0.8', '1', '3', '+Inf'].includes(labels['le'] ?? '+Inf')).map(({ suffix, labels, value }) => `${suffix} ${labels['le'] ?? ''}: ${Number(value.toFixed(6))}`)
  assert.deepEqual(shown('apiserver_request_duration_seconds'), ['_bucket 0.05: 1', '_bucket 0.1: 1', '_bucket 0.8: 1', '_bucket 1: 2', '_bucket 3: 3', '_bucket +Inf: 3', '_sum : 3.02', '_count : 3'])
  assert.deepEqual(shown('apiserver_request_sli_duration_seconds'), ['_bucket 0.05: 1', '_bucket 0.1: 2', '_bucket 0.8: 2', '_bucket 1: 3', '_bucket 3: 3', '_bucket +Inf: 3', '_sum : 1.02', '_count : 3'])
})

test('nor is the time that it waits for webhooks', async () => {
  const clock = new TestClock()
  const webhooks = new WebhookMetrics(clock)
  const server = await startTestServer({
    clock,
    extensions: {
      mutators: [{ name: 'slow', matches: () => true, admit: (request) => webhooks.waited(request, new Promise<void>((resolve) => clock.after(400, resolve))) }],
    },
  })
  const made = server.request('POST', MAPS, { metadata: { name: 'a' } })
  await settle()
  await clock.advance(400)
  assert.equal((await made).status, 201)
  const sums = (await server.request('GET', '/metrics')).text.split('\n').filter((line) => /^apiserver_request_\w+_seconds_sum.*verb="POST"/.test(line))
  assert.deepEqual(sums.map((line) => `${line.split('{')[0]} ${line.split(' ').at(-1)}`), ['apiserver_request_duration_seconds_sum 0.4', 'apiserver_request_sli_duration_seconds_sum 0'])
})
