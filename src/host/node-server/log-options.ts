import { parseTime } from '../../words/instant.ts'
import type { Instant } from '../../words/instant.ts'
import { RequestRefused } from './request-refused.ts'

/** What of a log to send: the options of pods/log. */
export interface LogOptions {
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  /** Undefined: all of them. */
  readonly tailLines: number | undefined
  readonly since: Instant | undefined
  readonly limitBytes: number | undefined
  readonly stream: 'all' | 'stdout' | 'stderr'
}

/** The query of a log request; times are instants. Throws RequestRefused 400 for what contradicts itself. */
export function logOptions(query: URLSearchParams, now: Instant): LogOptions {
  const sinceSeconds = wholeNumber(query, 'sinceSeconds')
  const sinceTime = query.get('sinceTime')
  if (sinceSeconds !== undefined && sinceTime !== null) throw new RequestRefused(400, 'sinceSeconds and sinceTime cannot both be given')
  return {
    follow: isTrue(query, 'follow'),
    previous: isTrue(query, 'previous'),
    timestamps: isTrue(query, 'timestamps'),
    tailLines: wholeNumber(query, 'tailLines'),
    since: sinceSeconds !== undefined ? now - sinceSeconds * 1000 : sinceTime === null ? undefined : instant('sinceTime', sinceTime),
    limitBytes: wholeNumber(query, 'limitBytes'),
    stream: streamOf(query.get('stream')),
  }
}

/** Booleans of a query as Go's client libraries write them: true, 1; a name alone counts as true. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value !== null && !['false', '0', 'f', 'F', 'False', 'FALSE'].includes(value)
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new RequestRefused(400, `${name} must be a whole number from 0 on, not "${text}"`)
  return value
}

function instant(name: string, text: string): Instant {
  const value = parseTime(text)
  if (value === undefined) throw new RequestRefused(400, `${name} must be a time like 2026-11-23T05:14:26Z, not "${text}"`)
  return value
}

function streamOf(text: string | null): LogOptions['stream'] {
  if (text === null || text === '' || text === 'All') return 'all'
  if (text === 'Stdout') return 'stdout'
  if (text === 'Stderr') return 'stderr'
  throw new RequestRefused(400, `stream must be All, Stdout or Stderr, not "${text}"`)
}
