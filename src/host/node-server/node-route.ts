import { RequestRefused } from './request-refused.ts'

interface InContainer {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly query: URLSearchParams
}

/** What a request asks of the node. The paths are those of the kubelet. */
export type NodeRoute =
  | { readonly type: 'healthz' }
  | ({ readonly type: 'logs' } & InContainer)
  | ({ readonly type: 'exec' } & InContainer)
  | ({ readonly type: 'attach' } & InContainer)
  | { readonly type: 'port-forward'; readonly namespace: string; readonly pod: string; readonly query: URLSearchParams }

/** /exec/NAMESPACE/POD/CONTAINER?command=ls&stdout=true */
export function nodeRoute(url: string): NodeRoute {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  const [verb, ...names] = path.split('/').slice(1).map(decodePart)
  const [namespace = '', pod = '', container = ''] = names
  if (verb === 'healthz' && names.length === 0) return { type: 'healthz' }
  if (verb === 'portForward' && names.length === 2) return { type: 'port-forward', namespace, pod, query }
  if (names.length === 3 && names.every((name) => name !== '')) {
    if (verb === 'containerLogs') return { type: 'logs', namespace, pod, container, query }
    if (verb === 'exec' || verb === 'attach') return { type: verb, namespace, pod, container, query }
  }
  throw new RequestRefused(404, `${path} is not a path of a node`)
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new RequestRefused(400, `${part} is wrongly encoded`)
  }
}
