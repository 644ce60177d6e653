import assert from 'node:assert/strict'
import { compile } from './compile.ts'
import type { Environment } from './environment.ts'
import { formatFailure } from './program.ts'
import { formatIssues } from './source.ts'
import { toJson } from './to-json.ts'

type Input = Readonly<Record<string, unknown>>

/** What an expression comes to: its JSON, or "error: ..." or "issue: ...". */
export function outcome(environment: Environment, text: string, input: Input = {}): unknown {
  const compiled = compile(environment, text)
  if (!compiled.ok) return `issue: ${compiled.issues.map(({ message }) => message).join('; ')}`
  const result = compiled.program.evaluate(input)
  return result.ok ? toJson(result.value) : `error: ${result.error.message}`
}

/** Every expression is true. */
export function assertTruths(environment: Environment, expressions: readonly string[], input: Input = {}): void {
  for (const text of expressions) {
    const compiled = compile(environment, text)
    assert.ok(compiled.ok, compiled.ok ? '' : formatIssues(text, compiled.issues))
    const result = compiled.program.evaluate(input)
    assert.ok(result.ok, result.ok ? '' : `${text}: ${formatFailure(text, result.error)}`)
    assert.equal(result.value, true, text)
  }
}

/** Every expression compiles, and fails with the message. */
export function assertErrors(environment: Environment, cases: readonly (readonly [string, RegExp])[], input: Input = {}): void {
  for (const [text, message] of cases) assert.match(String(outcome(environment, text, input)), message, text)
}
