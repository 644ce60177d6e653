import { uuid } from '../../words/random.ts'
import type { Clock, Log, Random } from '../../words/ports.ts'
import type { User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import type { BodyParts } from '../negotiate/body.ts'
import type { AuditLine } from './audit-event.ts'
import { userText } from './audit-event.ts'
import type { AuditLevel, AuditPolicy } from './audit-policy.ts'
import { AuditTrail } from './audit-trail.ts'

/** Takes events; never waits, never throws. Each back end says what it does when it cannot keep up. */
export interface AuditSink {
  /** As metrics call it: log, webhook. */
  readonly plugin: string
  /** Events that were not written down, since the start. */
  readonly lost: number
  take(line: AuditLine): void
}


/** What is to be written down, and where to. */
export interface AuditConfig {
  readonly policy: AuditPolicy
  readonly sinks: readonly AuditSink[]
}

export interface AuditorParts extends AuditConfig {
  readonly protobuf: BodyParts['protobuf']
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

const MAX_ID_LENGTH = 64

/** Begins a trail for every request. */
export class Auditor {
  readonly parts: AuditorParts
  /** Since the start. */
  readonly counts: { events: number; readonly byLevel: Record<AuditLevel, number> } = {
    events: 0, byLevel: { None: 0, Metadata: 0, Request: 0, RequestResponse: 0 },
  }
  readonly #userTexts = new WeakMap<User, string>()

  constructor(parts: AuditorParts) {
    this.parts = parts
  }

  /** A server in front of this one may have given the request its id already. */
  begin(request: ServerRequest): AuditTrail {
    const given = request.headers['audit-id'] ?? ''
    const id = given === '' || given.length > MAX_ID_LENGTH ? uuid(this.parts.random) : given
    return new AuditTrail(this, request, id)
  }

  emit(line: AuditLine): void {
    this.counts.events++
    for (const sink of this.parts.sinks) sink.take(line)
  }

  /** Most users come again with the same object. */
  textOf(user: User): string {
    let text = this.#userTexts.get(user)
    if (text === undefined) this.#userTexts.set(user, (text = userText(user)))
    return text
  }
}
