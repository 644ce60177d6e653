import { kinds } from '../../resources/generated/kinds.ts'
import type { Random } from '../../words/ports.ts'
import type { ServerResponse, TunnelTarget } from '../http.ts'
import type { ConnectCall, ConnectRoute } from '../route.ts'
import { nodeBackend, podBackend, serviceBackend } from './proxy-location.ts'
import type { NodeBackend } from './proxy-location.ts'

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Pods, services and nodes, asked through this server: /api/v1/namespaces/shop/services/https:web:443/proxy/a/path?and=query. */
export function proxyRoutes(random: Random): readonly ConnectRoute[] {
  const fraction = (): number => new DataView(random.bytes(4).slice().buffer).getUint32(0) / 2 ** 32
  return [
    proxyRoute(kinds.Pod.plural, ({ reader, key }) => podBackend(reader, key)),
    proxyRoute(kinds.Service.plural, ({ reader, key }) => serviceBackend(reader, key, fraction)),
    proxyRoute(kinds.Node.plural, ({ reader, key }) => nodeBackend(reader, key)),
  ]
}

function proxyRoute(resource: string, locate: (call: ConnectCall) => NodeBackend): ConnectRoute {
  return {
    type: 'connect', group: '', resource, subresource: 'proxy', methods: METHODS, admitted: true,
    handle: (call) => Promise.resolve(proxied(call, locate(call))),
  }
}

function proxied(call: ConnectCall, backend: NodeBackend): ServerResponse {
  const { method, path: asked, query, headers } = call.request
  const ending = query === '' ? '' : `?${query}`
  const basePath = asked.split('/').slice(0, call.key.namespace === '' ? BASE_SEGMENTS : BASE_SEGMENTS + 2).join('/')
  const behind = asked.slice(basePath.length)
  // What the links of a page are relative to is a folder; upstream sends browsers there too.
  if (behind === '' && (method === 'GET' || method === 'HEAD') && headers['upgrade'] === undefined) {
    return { type: 'whole', status: 301, headers: { location: `${basePath}/${ending}` }, body: [] }
  }
  const path = `${behind === '' ? '/' : behind}${ending}`
  const target: TunnelTarget = 'agent' in backend
    ? { ...backend.agent, path, method }
    : { backend, basePath, clientAddress: call.request.peer.address, path, method }
  return { type: 'tunnel', target }
}

/** '', api, v1, nodes, NAME, proxy */
const BASE_SEGMENTS = 6
