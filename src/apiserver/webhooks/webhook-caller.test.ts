import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { EndpointSlice, Service, WebhookClientConfig } from '../../resources/generated/types.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { ObjectReader } from '../access.ts'
import { webhookTarget } from './webhook-caller.ts'

const service = (spec: NonNullable<Service['spec']>): Service => ({ kind: 'Service', apiVersion: 'v1', metadata: { namespace: 'hooks', name: 'hook' }, spec })
const ports = [{ name: 'main', port: 443, targetPort: 8443 }, { name: 'other', port: 9443, targetPort: 9443 }]
const slice = (port: number, name: string, ...endpoints: EndpointSlice['endpoints']): EndpointSlice => ({
  kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', addressType: 'IPv4', endpoints, ports: [{ name, port }],
  metadata: { namespace: 'hooks', name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
})

function readerOf(...objects: readonly KubeObject[]): ObjectReader {
  const list = <T extends KubeObject>({ kind }: KindRef<T>): readonly T[] => objects.filter((object): object is T => object.kind === kind)
  return { get: (kind, { name }) => list(kind).find(({ metadata }) => metadata.name === name), list }
}

function check(config: WebhookClientConfig, objects: readonly KubeObject[], expected: string): void {
  let found: string
  try {
    const { host, port, path, serverName, authority } = webhookTarget(config, readerOf(...objects), 10)
    found = `${host} ${port} ${path} ${serverName} ${authority}`
  } catch (error) {
    found = thrownMessage(error)
  }
  assert.equal(found, expected)
}

test('where a webhook is that has an URL', () => {
  const table: [string, string][] = [
    ['https://hook.example.com', 'hook.example.com 443 /?timeout=10s hook.example.com hook.example.com'],
    ['https://hook.example.com:8443/ask?a=b', 'hook.example.com 8443 /ask?a=b&timeout=10s hook.example.com hook.example.com:8443'],
    ['https://[fd00::1]:8443/ask', 'fd00::1 8443 /ask?timeout=10s fd00::1 [fd00::1]:8443'],
    ['http://hook.example.com/', 'it has neither a service nor a URL that begins with https://'],
  ]
  for (const [url, expected] of table) check({ url }, [], expected)
})

test('where a webhook is that has a service', () => {
  const ready = { addresses: ['010.1.0.07'], conditions: { ready: true } }
  const unready = { addresses: ['10.1.0.8'], conditions: { ready: false } }
  const at = { namespace: 'hooks', name: 'hook' }
  const post = (port = 443, path = '/'): string => `failed to call webhook: Post "https://hook.hooks.svc:${port}${path}?timeout=10s": `
  const table: [Partial<NonNullable<WebhookClientConfig['service']>>, readonly KubeObject[], string][] = [
    [{}, [service({ ports }), slice(8443, 'main', unready, ready)], '10.1.0.7 8443 /?timeout=10s hook.hooks.svc hook.hooks.svc:443'],
    [{ port: 9443, path: '/ask' }, [service({ ports }), slice(9443, 'other', ready)], '10.1.0.7 9443 /ask?timeout=10s hook.hooks.svc hook.hooks.svc:9443'],
    [{ port: 7, path: 'x' }, [service({ type: 'ExternalName', externalName: 'far.example' })],
      'far.example 7 /x?timeout=10s hook.hooks.svc hook.hooks.svc:7'],
    [{ path: '/ask' }, [], `${post(443, '/ask')}service "hook" not found`],
    [{ port: 444 }, [service({ ports })], `${post(444)}no service port 444 found for service "hook"`],
    [{}, [service({ ports })], `${post()}no endpoints available for service "hook"`],
    [{}, [service({ ports }), slice(8443, 'main', unready)], `${post()}no endpoints available for service "hook"`],
    [{}, [service({ ports }), slice(9443, 'other', ready)], `${post()}no endpoints available for service "hook"`],
  ]
  for (const [more, objects, expected] of table) check({ service: { ...at, ...more } }, objects, expected)
})
