import type { Expr, IdentExpr, ListExpr, MapExpr, SelectExpr, StructExpr } from './ast.ts'
import { constantOf, isAttribute } from './constant-fold.ts'
import type { CheckedExpr } from './checker.ts'
import type { Environment } from './environment.ts'
import type { NamedThing } from './name-lookup.ts'
import type { Step } from './frame.ts'
import { failAt } from './frame.ts'
import { planCall } from './plan-call.ts'
import { planComprehension } from './plan-comprehension.ts'
import { selectField, hasField } from './selection.ts'
import type { Type } from './types.ts'
import { CelError, EntryMap, isError, ListValue, normalKey, OptionalValue, type Value, type Wrap } from './values.ts'
import { wrapOf } from './wrap.ts'

/** What is known while an expression is made into closures. */
export class PlanContext {
  readonly checked: CheckedExpr
  readonly environment: Environment
  readonly #inputSlots = new Map<string, number>()
  /** Names of variables that are bound here: of comprehensions and cel.bind. */
  readonly #locals: Map<string, number>[] = []
  #slots = 0

  constructor(checked: CheckedExpr, environment: Environment) {
    this.checked = checked
    this.environment = environment
  }

  get slotCount(): number {
    return this.#slots
  }

  newSlot(): number {
    return this.#slots++
  }

  inputSlot(name: string): number {
    const known = this.#inputSlots.get(name)
    if (known !== undefined) return known
    const slot = this.newSlot()
    this.#inputSlots.set(name, slot)
    return slot
  }

  /** Plans something where the names mean the slots. */
  within<T>(locals: ReadonlyMap<string, number>, plan: () => T): T {
    this.#locals.push(new Map(locals))
    const planned = plan()
    this.#locals.pop()
    return planned
  }

  local(name: string): number | undefined {
    for (let index = this.#locals.length - 1; index >= 0; index--) {
      const slot = this.#locals[index]?.get(name)
      if (slot !== undefined) return slot
    }
    return undefined
  }

  typeOf(expr: Expr): Type | undefined {
    return this.checked.types[expr.id]
  }

  wrapOf(type: Type): Wrap {
    return wrapOf(type, this.environment.types)
  }
}

/** The closure that computes an expression. Costs are spent where cel-go spends them. */
export function plan(context: PlanContext, expr: Expr): Step {
  const reference = context.checked.references[expr.id]
  if (reference?.kind === 'name' && (expr.kind === 'ident' || expr.kind === 'select')) return planName(context, expr, reference.thing)
  const constant = constantOf(context, expr)
  if (constant !== undefined) return () => constant
  switch (expr.kind) {
    case 'constant': return () => expr.value
    case 'ident': return planUnknown(expr.name, expr.at)
    case 'select': return planSelect(context, expr)
    case 'call': return planCall(context, expr)
    case 'list': return planList(context, expr)
    case 'map': return planMap(context, expr)
    case 'struct': return planStruct(context, expr)
    case 'comprehension': return planComprehension(context, expr)
  }
}

/** As a part of another attribute: without the cost of its name. */
export function planPart(context: PlanContext, expr: Expr): Step {
  const step = plan(context, expr)
  if (!isAttribute(context, expr)) return step
  return (frame) => {
    frame.cost--
    return step(frame)
  }
}

function planUnknown(name: string, at: number): Step {
  const error = new CelError(`undeclared reference to '${name}'`, at)
  return () => error
}

function planName(context: PlanContext, expr: IdentExpr | SelectExpr, thing: NamedThing): Step {
  if (thing.kind !== 'variable') {
    const { value } = thing
    return () => value
  }
  const local = context.local(thing.name)
  if (local !== undefined) return planLocal(thing.name, local, expr.at)
  const slot = context.inputSlot(thing.name)
  const wrap = context.wrapOf(thing.type)
  const { name } = thing
  const missing = new CelError(`no such attribute(s): ${name}`, expr.at)
  return (frame) => {
    frame.cost++
    const known = frame.slots[slot]
    if (known !== undefined) return known
    const raw = frame.input[name]
    const value = raw === undefined ? missing : wrap(raw)
    frame.slots[slot] = value
    return value
  }
}

function planLocal(name: string, slot: number, at: number): Step {
  const missing = new CelError(`no such attribute(s): ${name}`, at)
  return (frame) => {
    frame.cost++
    return frame.slots[slot] ?? (frame.slots[slot] === null ? null : missing)
  }
}

function planSelect(context: PlanContext, expr: SelectExpr): Step {
  const operand = plan(context, expr.operand)
  const { field, at } = expr
  if (expr.testOnly) {
    return (frame) => {
      const value = operand(frame)
      if (isError(value)) return value
      const answer = hasField(value, field)
      return isError(answer) ? failAt(answer, at) : answer
    }
  }
  return (frame) => {
    const value = operand(frame)
    if (isError(value)) return value
    frame.cost++
    const selected = selectField(value, field)
    return isError(selected) ? failAt(selected, at) : selected
  }
}

const LIST_COST = 10
const MAP_COST = 30
const STRUCT_COST = 40

function planList(context: PlanContext, expr: ListExpr): Step {
  const elements = expr.elements.map(({ value, optional }) => ({ step: plan(context, value), optional, at: value.at }))
  return (frame) => {
    const values: Value[] = []
    for (const { step, optional, at } of elements) {
      const value = step(frame)
      if (isError(value)) return value
      if (!optional) values.push(value)
      else if (!(value instanceof OptionalValue)) return notOptional(at)
      else if (value.value !== undefined) values.push(value.value)
    }
    frame.spend(LIST_COST)
    return ListValue.of(values)
  }
}

function notOptional(at: number): CelError {
  return new CelError('cannot initialize optional element from non-optional value', at)
}

function planMap(context: PlanContext, expr: MapExpr): Step {
  const entries = expr.entries.map((entry) => ({
    key: plan(context, entry.key), value: plan(context, entry.value), optional: entry.optional, at: entry.at,
  }))
  return (frame) => {
    const map = new EntryMap()
    for (const entry of entries) {
      const key = entry.key(frame)
      if (isError(key)) return key
      const value = entry.value(frame)
      if (isError(value)) return value
      if (entry.optional && !(value instanceof OptionalValue)) return notOptional(entry.at)
      const present = entry.optional && value instanceof OptionalValue ? value.value : value
      if (present === undefined) continue
      if (typeof key === 'number' || normalKey(key) === undefined) return new CelError('unsupported key type', entry.at)
      if (!map.add(key, present)) return new CelError(`Failed with repeated key: ${String(normalKey(key))}`, entry.at)
    }
    frame.spend(MAP_COST)
    return map
  }
}

function planStruct(context: PlanContext, expr: StructExpr): Step {
  const reference = context.checked.references[expr.id]
  const type = reference?.kind === 'struct' ? context.environment.types.objectType(reference.typeName) : undefined
  const create = type?.create
  if (create === undefined) {
    const error = new CelError(`unknown type: ${expr.typeName}`, expr.at)
    return () => error
  }
  const fields = expr.fields.map(({ name, value, optional, at }) => ({ name, step: plan(context, value), optional, at }))
  return (frame) => {
    const values = new Map<string, Value>()
    for (const { name, step, optional, at } of fields) {
      const value = step(frame)
      if (isError(value)) return value
      if (!optional) values.set(name, value)
      else if (!(value instanceof OptionalValue)) return notOptional(at)
      else if (value.value !== undefined) values.set(name, value.value)
    }
    frame.spend(STRUCT_COST)
    const created = create(values)
    return isError(created) ? failAt(created, expr.at) : created
  }
}
