import type { FlowSchema, PriorityLevelConfiguration } from '../../resources/generated/types.ts'
import { CATCH_ALL, mandatoryFlowSchemas, mandatoryPriorityLevels } from '../../resources/kinds/flow-control/mandatory.ts'
import { present } from '../../words/assert.ts'
import type { Instant } from '../../words/instant.ts'
import type { RequestInfo, User } from '../access.ts'
import { byPrecedence, rulesFor, rulesMatch } from './flow-match.ts'
import { FlowSchemaState } from './flow-schema-state.ts'
import { PriorityLevel } from './priority-level.ts'
import { isExempt, lendSeats, nominalLimits } from './seat-limits.ts'

/** The objects as they stand now. */
export interface FlowObjects {
  readonly schemas: readonly FlowSchema[]
  readonly levels: readonly PriorityLevelConfiguration[]
}

/** A schema that may match what a user asks, and which of its rules are about that user. */
interface Candidate {
  readonly schema: FlowSchemaState
  readonly rules: NonNullable<ReturnType<typeof rulesFor>>
}

const ADJUST_EVERY_MS = 10_000

/**
 * Priority and fairness: which level a request belongs to, and how many seats each level has now. Follows the objects; the two schemas
 * and levels that nobody may change are there without their objects too, so that a server without any is neither open nor shut.
 */
export class FlowControl {
  readonly totalSeats: number
  #levels = new Map<string, PriorityLevel>()
  #schemas: readonly FlowSchemaState[] = []
  /** Authenticators give the same user for the same credentials. */
  #candidates = new WeakMap<User, readonly Candidate[]>()
  #nextAdjustment: Instant | undefined
  /** Levels whose object is gone while requests of theirs go on. */
  #quiescing: readonly PriorityLevel[] = []
  /** What part of its demand every level had at the last adjustment, as far as it was not bound otherwise. */
  fairFraction = 0

  /** now: times are counted from then on. */
  constructor(totalSeats: number, now: Instant) {
    this.totalSeats = totalSeats
    this.configure({ schemas: [], levels: [] }, now)
  }

  get levels(): Iterable<PriorityLevel> {
    return this.#levels.values()
  }

  get quiescing(): readonly PriorityLevel[] {
    return this.#quiescing
  }

  get schemas(): readonly FlowSchemaState[] {
    return this.#schemas
  }

  /** Requests that wait or run stay where they are, with the limits that their level has from now on. Returns levels that may have room now. */
  configure({ schemas, levels }: FlowObjects, now: Instant): readonly PriorityLevel[] {
    const specs = new Map(Object.entries(mandatoryPriorityLevels).map(([name, spec]) => [name, { name, spec, uid: '' }]))
    for (const { metadata: { name = '', uid = '' }, spec } of levels) if (spec !== undefined) specs.set(name, { name, spec, uid })
    const limits = nominalLimits([...specs.values()], this.totalSeats)
    const before = this.#levels
    this.#levels = new Map([...specs.values()].map((level) => {
      const kept = before.get(level.name) ?? new PriorityLevel(level.name)
      kept.configure(level.spec, level.uid, present(limits.get(level.name), 'limits of every level'), now)
      return [level.name, kept]
    }))
    this.#quiescing = [...this.#quiescing, ...before.values()].filter(
      (level) => this.#levels.get(level.name) !== level && !level.queues.isIdle,
    )
    this.#schemas = this.#schemaStates(schemas)
    this.#candidates = new WeakMap()
    return [...this.#levels.values()]
  }

  #schemaStates(schemas: readonly FlowSchema[]): readonly FlowSchemaState[] {
    const specs = new Map(Object.entries(mandatoryFlowSchemas).map(([name, spec]) => [name, { name, spec, uid: '' }]))
    for (const { metadata: { name = '', uid = '' }, spec } of schemas) if (spec !== undefined) specs.set(name, { name, spec, uid })
    const before = new Map(this.#schemas.map((schema) => [schema.name, schema]))
    return byPrecedence([...specs.values()]).flatMap(({ name, spec, uid }) => {
      const level = this.#levels.get(spec.priorityLevelConfiguration.name)
      // Upstream calls it dangling: it matches nothing until its level is there.
      return level === undefined ? [] : [new FlowSchemaState({ name, spec, uid, level, counts: before.get(name)?.counts })]
    })
  }

  /** The first schema that matches; catch-all where none does. */
  classify(user: User, info: RequestInfo): FlowSchemaState {
    let candidates = this.#candidates.get(user)
    if (candidates === undefined) this.#candidates.set(user, (candidates = this.#candidatesOf(user)))
    for (const { schema, rules } of candidates) if (rulesMatch(rules, info)) return schema
    return present(this.#schemas.find(({ name }) => name === CATCH_ALL), 'the schema that catches all')
  }

  #candidatesOf(user: User): readonly Candidate[] {
    return this.#schemas.flatMap((schema) => {
      const rules = rulesFor(schema.spec, user)
      return rules === undefined ? [] : [{ schema, rules }]
    })
  }

  /** Lends and takes back seats where it is time to. Returns levels that may have room now. */
  adjust(now: Instant): readonly PriorityLevel[] {
    if (this.#nextAdjustment === undefined) this.#nextAdjustment = now + ADJUST_EVERY_MS
    if (now < this.#nextAdjustment) return NONE
    this.#nextAdjustment = now + ADJUST_EVERY_MS
    const levels = [...this.#levels.values()]
    const lent = lendSeats(levels.map((level) => ({ limits: level.limits, isExempt: isExempt(level.spec), ...level.takeDemand(now) })))
    this.fairFraction = lent.fairFraction
    this.#quiescing = this.#quiescing.filter(({ queues }) => !queues.isIdle)
    levels.forEach((level, index) => {
      level.targetSeats = lent.targets[index] ?? 0
      level.setSeats(lent.seats[index] ?? 0, now)
    })
    return levels
  }
}

const NONE: readonly PriorityLevel[] = []
