import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../objects/kube-object.ts'
import { StatusError } from '../../words/status-error.ts'
import { readerOf } from '../access/object-reader.testing.ts'
import { testRequest } from '../apiserver.testing.ts'
import type { ConnectCall } from '../route.ts'
import { parseRequest } from '../request-info.ts'
import { proxyRoutes } from './proxy-routes.ts'

const metadata = (name: string, namespace = 'shop') => ({ name, namespace })
const pod = (name: string, ip: string, ports: object[] = []): KubeObject & { spec: object; status: object } => ({
  apiVersion: 'v1', kind: 'Pod', metadata: metadata(name), spec: { containers: [{ name: 'a', image: 'i' }, { name: 'b', image: 'i', ports }] },
  status: ip === '' ? {} : { podIP: ip, podIPs: [{ ip }] },
})
const service = (name: string, ports: object[]): KubeObject & { spec: object } => ({ apiVersion: 'v1', kind: 'Service', metadata: metadata(name), spec: { ports } })
const ofPod = (ip: string, name: string, namespace = 'shop') => ({ ip, targetRef: { kind: 'Pod', name, namespace } })
const endpoints = (name: string, ...subsets: object[]): KubeObject & { subsets: object[] } => ({ apiVersion: 'v1', kind: 'Endpoints', metadata: metadata(name), subsets })

const objects: readonly KubeObject[] = [
  pod('web', '10.0.0.1', [{ containerPort: 8080, name: 'http' }, { containerPort: 8443, name: 'tls' }]), pod('bare', '10.0.0.2'), pod('six', 'fd00::1'),
  pod('pending', ''), pod('loop', '127.0.0.1'), pod('link', '169.254.169.254'), pod('mapped', '::ffff:127.0.0.1'), pod('link6', 'fe80::1'), pod('many', 'ff02::1'), pod('cast', '224.0.0.1'),
  service('one', [{ name: 'http', port: 80 }]), endpoints('one', { addresses: [ofPod('10.0.0.1', 'web')], ports: [{ name: 'http', port: 8080 }] }),
  service('two', [{ name: 'http', port: 80 }, { name: 'tls', port: 443 }]),
  endpoints('two', { addresses: [ofPod('10.0.0.2', 'bare')], ports: [{ name: 'tls', port: 8443 }] }, { addresses: [ofPod('10.0.0.1', 'web')], ports: [{ name: 'http', port: 8080 }] }),
  service('unnamed', [{ port: 80 }]), endpoints('unnamed', { addresses: [ofPod('10.0.0.1', 'web')], ports: [{ port: 8080 }] }),
  service('unready', [{ port: 80 }]), endpoints('unready', { notReadyAddresses: [ofPod('10.0.0.1', 'web')], ports: [{ port: 8080 }] }),
  service('new', [{ port: 80 }]),
  service('forged', [{ port: 80 }]),
  endpoints('forged', { addresses: [{ ip: '10.0.0.9' }, ofPod('10.0.0.9', 'web'), ofPod('10.0.0.9', 'nobody'), ofPod('10.0.0.1', 'web', 'other')], ports: [{ port: 6443 }] }),
  service('local', [{ port: 80 }]), endpoints('local', { addresses: [ofPod('127.0.0.1', 'loop')], ports: [{ port: 80 }] }),
  {
    apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.1.1' }], daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } },
  } as KubeObject,
]

/** http://10.0.0.1:8080/a, agent 10.0.1.1:10250/a, 301 /place, or the error. */
async function outcome(method: string, url: string, headers: Record<string, string> = {}): Promise<string> {
  const request = testRequest(method, url, undefined, headers)
  const info = parseRequest(method, request.path, new URLSearchParams(request.query))
  const route = proxyRoutes({ bytes: (length) => new Uint8Array(length) }).find(({ resource }) => resource === info.resource)
  assert.ok(route !== undefined)
  const call = { request, info, reader: readerOf(objects), key: { namespace: info.resource === 'nodes' ? '' : info.namespace, name: info.name } } as unknown as ConnectCall
  try {
    const response = await route.handle(call)
    if (response.type === 'whole') return `${response.status} ${response.headers['location']}`
    assert.ok(response.type === 'tunnel')
    const { target } = response
    assert.equal(target.method, method)
    if ('nodeName' in target) return `agent of ${target.nodeName} ${target.address}:${target.port}${target.path}`
    assert.ok('backend' in target)
    const { scheme, address, port } = target.backend
    return `${scheme}://${address}:${port}${target.path} ${target.basePath.split('/').slice(-2).join('/')}`
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return `${error.code} ${error.message}`
  }
}

test('where a proxied request goes', async () => {
  const table: [string, string][] = [
    ['pods/web/proxy/a/b?c=d', 'http://10.0.0.1:8080/a/b?c=d web/proxy'],
    ['pods/web/proxy/', 'http://10.0.0.1:8080/ web/proxy'],
    ['pods/web/proxy//a%2Fb/?', 'http://10.0.0.1:8080//a%2Fb/ web/proxy'],
    ['pods/web:81/proxy/x', 'http://10.0.0.1:81/x web:81/proxy'],
    ['pods/web:tls/proxy/x', 'http://10.0.0.1:8443/x web:tls/proxy'],
    ['pods/https:web:tls/proxy/x', 'https://10.0.0.1:8443/x https:web:tls/proxy'],
    ['pods/https:bare:/proxy/x', 'https://10.0.0.2:443/x https:bare:/proxy'],
    ['pods/bare/proxy/x', 'http://10.0.0.2:80/x bare/proxy'],
    ['pods/six:80/proxy/x', 'http://fd00::1:80/x six:80/proxy'],
    ['pods/web:none/proxy/x', '400 pod "web" has no port "none"'],
    ['pods/web:70000/proxy/x', '400 pod "web" has no port "70000"'],
    ['pods/ftp:web:21/proxy/x', '400 invalid pod request "ftp:web:21": give the name, name:port or scheme:name:port with http or https'],
    ['pods/a:b:c:d/proxy/x', '400 invalid pod request "a:b:c:d": give the name, name:port or scheme:name:port with http or https'],
    ['pods/:80/proxy/x', '400 invalid pod request ":80": give the name, name:port or scheme:name:port with http or https'],
    ['pods/none/proxy/x', '404 pods "none" not found'],
    ...['pending', 'loop', 'link', 'mapped', 'link6', 'many', 'cast'].map((name): [string, string] => [`pods/${name}/proxy/x`, '400 address not allowed']),
    ['services/one/proxy/x', 'http://10.0.0.1:8080/x one/proxy'],
    ['services/one:80/proxy/x', 'http://10.0.0.1:8080/x one:80/proxy'],
    ['services/https:one:http/proxy/x', 'https://10.0.0.1:8080/x https:one:http/proxy'],
    ['services/two:443/proxy/x', 'http://10.0.0.2:8443/x two:443/proxy'],
    ['services/two:http/proxy/x', 'http://10.0.0.1:8080/x two:http/proxy'],
    ['services/two/proxy/x', '503 no endpoints available for service "two"'],
    ['services/two:81/proxy/x', '503 no service port 81 found for service "two"'],
    ['services/unnamed/proxy/x', 'http://10.0.0.1:8080/x unnamed/proxy'],
    ['services/unready/proxy/x', '503 no endpoints available for service "unready"'],
    ['services/new/proxy/x', '503 no endpoints available for service "new"'],
    ['services/forged/proxy/x', '503 no endpoints available for service "forged"'],
    ['services/local/proxy/x', '400 address not allowed'],
    ['services/none/proxy/x', '404 services "none" not found'],
  ]
  for (const [path, expected] of table) assert.equal(await outcome('GET', `/api/v1/namespaces/shop/${path}`), expected, path)
  const nodes: [string, string][] = [
    ['n1/proxy/healthz', 'agent of n1 10.0.1.1:10250/healthz'], ['n1:10250/proxy/healthz', 'agent of n1 10.0.1.1:10250/healthz'],
    ['n1:9100/proxy/metrics', 'http://10.0.1.1:9100/metrics n1:9100/proxy'], ['n1:http/proxy/x', '400 invalid node request "n1:http": the port must be a number from 1 to 65535'],
    ['n2/proxy/healthz', '404 nodes "n2" not found'],
  ]
  for (const [path, expected] of nodes) assert.equal(await outcome('GET', `/api/v1/nodes/${path}`), expected, path)
})

test('who asks for no path is sent to the root, where the links of a page lead on', async () => {
  const path = '/api/v1/namespaces/shop/pods/web/proxy'
  assert.equal(await outcome('GET', `${path}?a=b`), `301 ${path}/?a=b`)
  assert.equal(await outcome('HEAD', path), `301 ${path}/`)
  assert.equal(await outcome('POST', path), 'http://10.0.0.1:8080/ web/proxy')
  assert.equal(await outcome('GET', path, { upgrade: 'websocket' }), 'http://10.0.0.1:8080/ web/proxy')
})
