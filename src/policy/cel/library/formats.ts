import {
  dns1035LabelErrors, dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, nameErrors, qualifiedNameErrors,
} from '../../../objects/names.ts'
import type { CostOf } from '../call-cost.ts'
import { PATTERN_FACTOR, sizeForCost, STRING_FACTOR } from '../call-cost.ts'
import { declare, member, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { parseTimestamp } from '../time-text.ts'
import { listType, opaqueType, optionalType, stringType } from '../types.ts'
import { CelError, ListValue, none, OptionalValue, type OpaqueValue } from '../values.ts'
import { parseUrl } from './url-parts.ts'

const TYPE_NAME = 'kubernetes.NamedFormat'
const formatType = opaqueType(TYPE_NAME)

class FormatValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName = TYPE_NAME
  readonly name: string
  /** For costs: how long the pattern upstream uses is. */
  readonly patternSize: number
  readonly errors: (text: string) => readonly string[]

  constructor(name: string, patternSize: number, errors: (text: string) => readonly string[]) {
    this.name = name
    this.patternSize = patternSize
    this.errors = errors
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof FormatValue && other.name === this.name
  }
}

function matching(pattern: RegExp, complaint: string): (text: string) => string[] {
  return (text) => (pattern.test(text) ? [] : [complaint])
}

const UUID = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})$/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !(parseTimestamp(`${text}T00:00:00Z`) instanceof CelError)
}

function uriErrors(text: string): string[] {
  const parts = parseUrl(text)
  return 'error' in parts ? [`parse ${JSON.stringify(text)}: ${parts.error}`] : []
}

const formats: readonly FormatValue[] = [
  new FormatValue('dns1123Label', 30, dnsLabelErrors),
  new FormatValue('dns1123Subdomain', 60, dnsSubdomainErrors),
  new FormatValue('dns1035Label', 30, dns1035LabelErrors),
  new FormatValue('qualifiedName', 60, qualifiedNameErrors),
  new FormatValue('dns1123LabelPrefix', 30, (text) => nameErrors('dns-label', text, { asPrefix: true })),
  new FormatValue('dns1123SubdomainPrefix', 60, (text) => nameErrors('dns-subdomain', text, { asPrefix: true })),
  new FormatValue('dns1035LabelPrefix', 30, (text) => nameErrors('dns-1035-label', text, { asPrefix: true })),
  new FormatValue('labelValue', 40, labelValueErrors),
  new FormatValue('uri', 1500, uriErrors),
  new FormatValue('uuid', 105, matching(UUID, 'does not match the UUID format')),
  new FormatValue('byte', 90, matching(BASE64, 'invalid base64')),
  new FormatValue('date', 130, (text) => (isDate(text) ? [] : ['invalid date'])),
  new FormatValue('datetime', 130, (text) => (parseTimestamp(text) instanceof CelError ? ['invalid datetime'] : [])),
]

const byName = new Map(formats.map((format) => [format.name, format]))

const validateCost: CostOf = {
  before: ([format, text = null]) => {
    const pattern = format instanceof FormatValue ? format.patternSize : 100
    return Math.ceil((1 + sizeForCost(text)) * STRING_FACTOR) * Math.ceil(pattern * PATTERN_FACTOR)
  },
}

function validate(format: FormatValue, text: string): OptionalValue {
  const errors = format.errors(text)
  return errors.length === 0 ? none : new OptionalValue(ListValue.of(errors))
}

/** Named formats: format.dns1123Label().validate(self.name) has a value when something is wrong, a list of complaints. */
export const formatsLibrary: Library = {
  name: 'format',
  types: new Map([[TYPE_NAME, formatType]]),
  functions: [
    ...formats.map((format) => declare(`format.${format.name}`, overload(`format.${format.name}`, [], formatType, () => format))),
    declare('format.named', overload('format-named', [stringType], optionalType(formatType), (name: string) => {
      const format = byName.get(name)
      return format === undefined ? none : new OptionalValue(format)
    })),
    declare('validate', member('format-validate', [formatType, stringType], optionalType(listType(stringType)), validate)),
  ],
  costs: new Map([['validate', validateCost]]),
}
