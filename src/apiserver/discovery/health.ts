import { utf8 } from '../../words/bytes.ts'
import type { ServerResponse } from '../http.ts'
import type { PathCall, PathRoute } from '../route.ts'

/** One thing that must be right. Undefined: it is. A text says what is wrong; it goes to the log, and to who asks for this check alone. */
export interface HealthCheck {
  readonly name: string
  /** Whether a failure means "restart it" (alive), or "send no requests yet" (ready). ready includes alive. */
  readonly concerns: 'alive' | 'ready'
  check(): string | undefined
}

/** Who wants to know what checks find. */
export interface HealthObserver {
  /** endpoint: healthz, livez or readyz, asked as a whole. */
  checked(endpoint: string, name: string, isWell: boolean): void
  unhealthy(name: string, why: string): void
}

/** What is well as long as it answers at all: the log never makes anybody wait. */
const ALWAYS: readonly HealthCheck[] = ['ping', 'log'].map((name) => ({ name, concerns: 'alive', check: () => undefined }))
const ENDPOINTS: Readonly<Record<string, readonly HealthCheck['concerns'][]>> = {
  healthz: ['alive', 'ready'], livez: ['alive'], readyz: ['alive', 'ready'],
}
const PATH = /^\/(healthz|livez|readyz)(?:\/(.+?))?\/?$/

/** /healthz, /livez, /readyz with ?verbose and ?exclude=NAME, and each check below them. */
export function healthRoute(checks: () => readonly HealthCheck[], observer: HealthObserver): PathRoute {
  return {
    type: 'path',
    methods: ['GET', 'HEAD'],
    matches: (path) => PATH.test(path),
    handle: ({ request, query }: PathCall) => {
      const [, endpoint = 'healthz', only] = PATH.exec(request.path) ?? []
      const concerned = [...ALWAYS, ...checks()].filter((check) => ENDPOINTS[endpoint]?.includes(check.concerns) === true)
      if (only !== undefined) return Promise.resolve(single(concerned.find((check) => check.name === only), observer))
      return Promise.resolve(answer(endpoint, concerned, { verbose: query.has('verbose'), excluded: query.getAll('exclude') }, observer))
    },
  }
}

/** Who may ask for one check alone (RBAC: system:monitoring) is told why it fails. */
function single(check: HealthCheck | undefined, observer: HealthObserver): ServerResponse {
  if (check === undefined) return text(404, '404 page not found\n')
  const why = check.check()
  if (why === undefined) return text(200, 'ok')
  observer.unhealthy(check.name, why)
  return text(500, `internal server error: ${why}\n`)
}

function answer(
  endpoint: string, checks: readonly HealthCheck[], wanted: { verbose: boolean; excluded: readonly string[] },
  observer: HealthObserver,
): ServerResponse {
  let healthy = true
  const lines = checks.map((check) => {
    if (wanted.excluded.includes(check.name)) return `[+]${check.name} excluded: ok\n`
    const why = check.check()
    observer.checked(endpoint, check.name, why === undefined)
    if (why === undefined) return `[+]${check.name} ok\n`
    healthy = false
    observer.unhealthy(check.name, why)
    return `[-]${check.name} failed: reason withheld\n`
  })
  const unknown = wanted.excluded.filter((name) => !checks.some((check) => check.name === name))
  if (unknown.length > 0) {
    lines.push(`warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(', ')}\n`)
  }
  if (!healthy) return text(500, `${lines.join('')}${endpoint} check failed\n`)
  return text(200, wanted.verbose ? `${lines.join('')}${endpoint} check passed\n` : 'ok')
}

function text(status: number, body: string): ServerResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache, private' }
  return { type: 'whole', status, headers, body: [utf8(body)] }
}
