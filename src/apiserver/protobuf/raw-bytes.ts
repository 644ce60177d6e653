import { jsonText } from '../../objects/json-text.ts'
import { isObject } from '../../objects/json.ts'
import { RecentMap } from '../../words/oldest-first.ts'
import { utf8 } from '../../words/bytes.ts'

/** Sets of fields are the same for thousands of objects, and few at a time. */
const KEPT_VALUES = 64
const MAX_KEPT_BYTES = 16 * 1024

/** What stands in a message as JSON: the fields that a manager owns, which are half of many an object and shared by all that are alike. */
export class RawBytes {
  readonly #recent = new RecentMap<object, Uint8Array>(KEPT_VALUES)

  /** The value must not change any more, as nothing does that is stored. */
  of(value: unknown): Uint8Array {
    if (!isObject(value)) return utf8(jsonText(value))
    const known = this.#recent.get(value)
    if (known !== undefined) return known
    const bytes = utf8(jsonText(value))
    if (bytes.length <= MAX_KEPT_BYTES) this.#recent.set(value, bytes)
    return bytes
  }
}
