import { apiVersionOf } from '../../objects/kind.ts'
import { utf8 } from '../../words/bytes.ts'
import { formatMicroTime } from '../../words/instant.ts'
import type { PathRoute } from '../route.ts'
import { waitingIn } from './fair-queues.ts'
import type { Queue, Ticket } from './fair-queues.ts'
import type { FlowControl } from './flow-control.ts'
import type { PriorityLevel } from './priority-level.ts'

const ROOT = '/debug/api_priority_and_fairness/'

/** What flow control is doing now, as tables whose cells end with commas: by level, by queue, by request. */
export function flowDumpRoute(control: FlowControl): PathRoute {
  const dumps: Readonly<Record<string, (query: URLSearchParams) => readonly Row[]>> = {
    dump_priority_levels: () => levelRows(control),
    dump_queues: () => queueRows(control),
    dump_requests: (query) => requestRows(control, { withDetails: (query.get('includeRequestDetails') ?? '') !== '' }),
  }
  const dumpAt = (path: string): ((query: URLSearchParams) => readonly Row[]) | undefined =>
    (path.startsWith(ROOT) ? dumps[path.slice(ROOT.length)] : undefined)
  return {
    type: 'path',
    methods: ['GET', 'HEAD'],
    matches: (path) => dumpAt(path) !== undefined,
    handle: ({ request, query }) => {
      const rows = dumpAt(request.path)?.(query) ?? []
      return Promise.resolve({
        type: 'whole', status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: [utf8(alignedRows(rows))],
      })
    },
  }
}

type Row = readonly string[]

/** Each cell but the last of a line ends with a comma, and is as wide as the widest of its column. */
function alignedRows(rows: readonly Row[]): string {
  const widths: number[] = []
  for (const row of rows) {
    row.slice(0, -1).forEach((cell, column) => (widths[column] = Math.max(MIN_WIDTH, widths[column] ?? 0, cell.length + 2)))
  }
  const lines = rows.map(
    (row) => row.map((cell, column) => (column === row.length - 1 ? cell : `${cell},`.padEnd(widths[column] ?? 0))).join(''),
  )
  return `${lines.join('\n')}\n`
}

const MIN_WIDTH = 8

function levelsOf(control: FlowControl): readonly PriorityLevel[] {
  return [...control.levels, ...control.quiescing].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function levelRows(control: FlowControl): readonly Row[] {
  const head = [
    'PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests', 'DispatchedRequests', 'RejectedRequests',
    'TimedoutRequests', 'CancelledRequests',
  ]
  return [head, ...levelsOf(control).map((level) => {
    const { queues } = level
    const counts = control.schemas.filter((schema) => schema.level === level).map((schema) => schema.counts)
    const sum = (of: (count: (typeof counts)[number]) => number): string => String(counts.reduce((total, count) => total + of(count), 0))
    const active = [...queues.all()].filter((queue) => waitingIn(queue).length > 0).length
    return [
      level.name, String(active), String(queues.isIdle), String(control.quiescing.includes(level)),
      String(queues.waiting), String(queues.executing),
      sum(({ dispatched }) => dispatched), sum(({ rejected }) => rejected['queue-full'] + rejected['concurrency-limit']),
      sum(({ rejected }) => rejected['time-out']), sum(({ rejected }) => rejected.cancelled),
    ]
  })]
}

function queueRows(control: FlowControl): readonly Row[] {
  const head = [
    'PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse', 'NextDispatchR',
    'InitialSeatsSum', 'MaxSeatsSum', 'TotalWorkSum',
  ]
  return [head, ...levelsOf(control).flatMap(({ name, queues }) => [...queues.all()].map((queue, index) => {
    const waiting = waitingIn(queue)
    const sum = (of: (ticket: Ticket) => number): number => waiting.reduce((total, ticket) => total + of(ticket), 0)
    return [
      name, String(index), String(waiting.length), String(queue.executing), String(queue.executingSeats), seatSeconds(queue.nextStart),
      String(sum(({ work }) => work.seats)), String(sum(({ work }) => work.width)), seatSeconds(sum(({ guessedWork }) => guessedWork)),
    ]
  }))]
}

/** 1234 seat-milliseconds -> 1.23400000ss */
function seatSeconds(seatMs: number): string {
  return `${(seatMs / 1_000).toFixed(8)}ss`
}

function requestRows(control: FlowControl, { withDetails }: { readonly withDetails: boolean }): readonly Row[] {
  const head = [
    'PriorityLevelName', 'FlowSchemaName', 'QueueIndex', 'RequestIndexInQueue', 'FlowDistingsher', 'ArriveTime', 'InitialSeats', 'FinalSeats',
    'AdditionalLatency', 'StartTime',
    ...(withDetails ? ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'] : []),
  ]
  const row = (level: PriorityLevel, ticket: Ticket, place: readonly [number, number]): Row =>
    [...requestCells(level, ticket, place), ...(withDetails ? detailCells(ticket) : [])]
  return [head, ...levelsOf(control).flatMap((level) => {
    const indexes = new Map<Queue, number>([...level.queues.all()].map((queue, index) => [queue, index]))
    const waiting = [...indexes].flatMap(([queue, index]) => waitingIn(queue).map((ticket, place) => row(level, ticket, [index, place])))
    const executing = Array.from(level.queues.withSeats(), (ticket) => row(level, ticket, [indexes.get(ticket.queue) ?? -1, -1]))
    return [...executing.reverse(), ...waiting]
  })]
}

const NOT_YET = '0001-01-01T00:00:00Z'

function requestCells({ name }: PriorityLevel, ticket: Ticket, [queue, place]: readonly [number, number]): Row {
  const { schema, request, arrivedAt, startedAt, state, work } = ticket
  return [
    name, schema.name, String(queue), String(place), schema.distinguisherOf(request), formatMicroTime(arrivedAt),
    String(work.seats), String(work.lateSeats),
    work.lateMs === 0 ? '0s' : `${work.lateMs}ms`, state === 'waiting' ? NOT_YET : formatMicroTime(startedAt),
  ]
}

function detailCells({ request: { user, info } }: Ticket): Row {
  return [
    user.name, info.verb, info.path, info.namespace, info.name,
    info.isResource ? apiVersionOf(info) : '', info.resource, info.subresource,
  ]
}
