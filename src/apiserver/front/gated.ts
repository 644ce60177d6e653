import type { ServerResponse } from '../http.ts'
import type { FlowSchemaState } from '../flow-control/flow-schema-state.ts'
import { isHeardOf, isListFromCache, limitIn, oneSeat, workOfList, workOfWrite } from '../flow-control/work-estimate.ts'
import type { WorkEstimate } from '../flow-control/work-estimate.ts'
import { withHeaders, withWarnings } from '../negotiate/response.ts'
import { dispatch } from './dispatch.ts'
import type { DispatchParts } from './dispatch.ts'
import type { FlowGate } from './flow-gate.ts'
import type { HttpCall } from './http-call.ts'

export interface GatedParts extends DispatchParts {
  readonly gate: FlowGate
}

/** Connections to a container last as long as their client likes: they take no seats, as with upstream. */
const UNSEATED: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

/** Does what an allowed call asks for when there is room for it, and says in the response which flow it belongs to. Throws nothing. */
export function gated(
  parts: GatedParts, call: HttpCall, failure: (error: unknown) => ServerResponse,
): ServerResponse | Promise<ServerResponse> {
  const flow = parts.gate.flowOf(call.user, call.info)
  try {
    const response = admitted(parts, call, flow)
    if (!(response instanceof Promise)) return finished(call, flow, response)
    return response.then((later) => finished(call, flow, later), (error: unknown) => finished(call, flow, failure(error)))
  } catch (error) {
    return finished(call, flow, failure(error))
  }
}

function admitted(parts: GatedParts, call: HttpCall, flow: FlowSchemaState): ServerResponse | Promise<ServerResponse> {
  const { gate } = parts
  const { info } = call
  if (info.subresource !== '' && UNSEATED.has(info.subresource)) return gate.withinDeadline(() => dispatch(parts, call))
  if (info.watch) return watching(parts, call, flow)
  return gate.run(flow, call, workOf(parts, call, flow), () => dispatch(parts, call))
}

function workOf(parts: GatedParts, call: HttpCall, { level, counts }: FlowSchemaState): WorkEstimate {
  const { info } = call
  if (info.verb === 'list') return listWork(parts, call, { isFromCache: isListFromCache(call.query), maxSeats: level.maxRequestSeats })
  if (level.isExempt || !info.isResource || info.verb === 'get' || !isHeardOf(info)) return oneSeat
  const watches = parts.resources.find(info.group, info.version, info.resource)?.watches.interestedIn(info) ?? 0
  counts.watchers.observe(watches)
  return workOfWrite(watches, level.maxRequestSeats)
}

/** A watch has seats until its client has taken the state that it begins with. */
function watching(parts: GatedParts, call: HttpCall, flow: FlowSchemaState): Promise<ServerResponse> {
  const { maxRequestSeats: maxSeats } = flow.level
  const work = call.query.get('sendInitialEvents') === 'true' ? listWork(parts, call, { isFromCache: true, maxSeats }) : oneSeat
  return parts.gate.hold(flow, call, work, async ({ release }) => {
    const response = await dispatch(parts, { ...call, begun: release })
    if (response.type !== 'stream') release()
    return response
  })
}

function listWork(
  { resources }: GatedParts, { info, query }: HttpCall,
  { isFromCache, maxSeats }: { readonly isFromCache: boolean; readonly maxSeats: number },
): WorkEstimate {
  // What is not stored here costs others what it costs.
  const stored = resources.find(info.group, info.version, info.resource)?.cache.size ?? 0
  const hasSelector = query.has('labelSelector') || query.has('fieldSelector')
  return workOfList({ stored, limit: limitIn(query), hasSelector, isFromCache }, info, maxSeats)
}

function finished({ request, warnings }: HttpCall, flow: FlowSchemaState, response: ServerResponse): ServerResponse {
  const warned = withWarnings(withFlow(response, flow), warnings)
  return request.method === 'HEAD' && warned.type === 'whole' ? { ...warned, body: [] } : warned
}

function withFlow(response: ServerResponse, flow: FlowSchemaState): ServerResponse {
  if (flow.uid === '' || response.type === 'tunnel') return response
  const headers = flow.headers(response.headers)
  return response.type === 'whole'
    ? { type: 'whole', status: response.status, headers, body: response.body }
    : withHeaders(response, headers)
}
