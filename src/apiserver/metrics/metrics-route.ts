import { utf8 } from '../../words/bytes.ts'
import type { PathRoute } from '../route.ts'
import { expositionOf } from './metric-family.ts'
import type { MetricSource } from './metric-family.ts'

/** GET /metrics or /metrics/slis: the text is made when somebody asks. */
export function metricsRoute(at: '/metrics' | '/metrics/slis', sources: () => readonly MetricSource[]): PathRoute {
  return {
    type: 'path',
    methods: ['GET', 'HEAD'],
    matches: (path) => path === at,
    handle: () => {
      const body = utf8(expositionOf(sources().flatMap((source) => source())))
      const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-cache, private' }
      return Promise.resolve({ type: 'whole' as const, status: 200, headers, body: [body] })
    },
  }
}
