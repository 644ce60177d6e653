import type { Verdict } from '../access.ts'

export const ALLOWED: Verdict = { allowed: true, warnings: [] }

export function allowedWith(warnings: readonly string[]): Verdict {
  return warnings.length === 0 ? ALLOWED : { allowed: true, warnings }
}

/** The pipeline puts the object's name before a 403's message. */
export function refused(code: number, message: string): Verdict {
  return { allowed: false, code, message }
}

export function forbiddenBecause(message: string): Verdict {
  return refused(403, message)
}
