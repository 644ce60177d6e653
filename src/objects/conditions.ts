/** What the entries of every kind's status.conditions have in common. */
interface Condition {
  readonly type: string
  /** True, False or Unknown. */
  readonly status: string
}

/** The condition of that type: a status holds at most one of each. */
export function findCondition<C extends Condition>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type)
}

/** Whether a condition is known to hold: one that is missing or Unknown does not. */
export function isConditionTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True'
}
