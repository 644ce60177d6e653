import { TokenBuckets } from '../../policy/event-rate/token-bucket.ts'
import type { Rate } from '../../policy/event-rate/token-bucket.ts'
import type { Event } from '../../resources/generated/types.ts'
import type { Clock } from '../../words/ports.ts'
import type { AdmissionRequest, Validator } from '../access.ts'
import { isAbout, isWrite } from './targets.ts'
import { ALLOWED, refused } from './verdicts.ts'

export interface EventLimit extends Rate {
  readonly type: 'Server' | 'Namespace' | 'User' | 'SourceAndObject'
  /** How many keys are remembered. */
  readonly cacheSize: number
}

/** Keeps a component that runs wild from filling the store with events. */
export function eventRateLimit(limits: readonly EventLimit[], clock: Clock): Validator {
  const enforced = limits.map((limit) => ({ type: limit.type, buckets: new TokenBuckets(limit, limit.cacheSize) }))
  return {
    name: 'EventRateLimit',
    matches: (request) => isWrite(request) && (isAbout(request, '', 'events') || isAbout(request, 'events.k8s.io', 'events')),
    review(request) {
      const now = clock.now()
      // Every limit counts it, also when another one refuses.
      const reached = enforced.filter(({ type, buckets }) => !buckets.take(keyOf(type, request), now))
      const last = reached.at(-1)
      return last === undefined ? ALLOWED : refused(429, `limit reached on type ${last.type} for key ${keyOf(last.type, request)}`)
    },
  }
}

function keyOf(type: EventLimit['type'], { key, user, object }: AdmissionRequest): string {
  switch (type) {
    case 'Server': return ''
    case 'Namespace': return key.namespace
    case 'User': return user.name
    case 'SourceAndObject': return sourceAndObject(object as Event)
  }
}

function sourceAndObject({ source, involvedObject: about }: Event): string {
  return [source?.component, source?.host, about?.kind, about?.namespace, about?.name, about?.uid, about?.apiVersion].join('')
}
