import { isObject, type JsonObject } from './json.ts'

/** Reads the parts of a document and collects what has another shape than expected, so that all of it is told at once. */
export class DocumentShape {
  readonly problems: string[] = []

  known(object: JsonObject, at: string, names: readonly string[]): void {
    for (const name of Object.keys(object)) if (!names.includes(name)) this.problems.push(
      `unknown field ${JSON.stringify(at === '' ? name : `${at}.${name}`)}`
    )
  }

  list(value: unknown, at: string): readonly unknown[] {
    if (Array.isArray(value)) return value
    this.#expected(value, at, 'a list')
    return []
  }

  texts(value: unknown, at: string): readonly string[] {
    return this.list(value, at).map((item, index) => this.text(item, `${at}[${index}]`))
  }

  object(value: unknown, at: string): JsonObject {
    if (isObject(value)) return value
    this.problems.push(`${at} must be an object`)
    return {}
  }

  text(value: unknown, at: string): string {
    if (typeof value === 'string') return value
    this.#expected(value, at, 'a string')
    return ''
  }

  /** What is absent, or null, has every shape. */
  #expected(value: unknown, at: string, what: string): void {
    if (value !== undefined && value !== null) this.problems.push(`${at} must be ${what}`)
  }
}
