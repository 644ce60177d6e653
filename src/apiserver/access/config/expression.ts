import { duplicate, invalidValue, type FieldError } from '../../../objects/field-error.ts'
import { compile } from '../../../policy/cel/compile.ts'
import type { Environment } from '../../../policy/cel/environment.ts'
import type { Program } from '../../../policy/cel/program.ts'
import { formatIssues } from '../../../policy/cel/source.ts'
import { formatType } from '../../../policy/cel/types.ts'

/** Compiles an expression of a configuration file; what is wrong with it goes to errors. */
export function compileField(
  environment: Environment, text: string, at: { readonly field: string; readonly errors: FieldError[]; readonly result: 'bool' | 'any' },
): Program | undefined {
  const compiled = compile(environment, text)
  if (!compiled.ok) {
    at.errors.push(invalidValue(at.field, text, `compilation failed: ${formatIssues(text, compiled.issues)}`))
    return undefined
  }
  if (at.result === 'bool' && formatType(compiled.program.type) !== 'bool') {
    at.errors.push(invalidValue(at.field, text, 'must evaluate to bool'))
    return undefined
  }
  return compiled.program
}

/** Notes what is there for a second time. */
export class Seen {
  readonly #values = new Set<string>()
  readonly #errors: FieldError[]

  constructor(errors: FieldError[]) {
    this.#errors = errors
  }

  isNew(field: string, value: string): boolean {
    if (this.#values.has(value)) {
      this.#errors.push(duplicate(field, value))
      return false
    }
    this.#values.add(value)
    return true
  }
}
