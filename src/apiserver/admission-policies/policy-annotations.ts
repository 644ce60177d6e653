import type { AuditNotes } from '../access.ts'

const MAX_VALUE_LENGTH = 10 * 1024

/** What policies tell the audit of one request: several bindings may say different things under one key. */
export class PolicyAnnotations {
  readonly #audit: AuditNotes | undefined
  readonly #values = new Map<string, Set<string>>()

  constructor(audit: AuditNotes | undefined) {
    this.#audit = audit
  }

  add(policy: string, { key, value }: { readonly key: string; readonly value: string }): void {
    if (this.#audit === undefined) return
    const name = `${policy}/${key}`
    const values = this.#values.get(name) ?? new Set()
    this.#values.set(name, values.add(value.slice(0, MAX_VALUE_LENGTH)))
  }

  publish(): void {
    for (const [name, values] of this.#values) this.#audit?.annotate(name, [...values].join(', '))
  }
}
