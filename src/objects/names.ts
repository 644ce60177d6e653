import { isLongerThan } from '../words/bytes.ts'
/**
 * The rules for names. Each function returns what is wrong, in the words that users and tests of Kubernetes know
 * (k8s.io/apimachinery util/validation); an empty list when nothing is.
 */
export type NameRule = 'dns-subdomain' | 'dns-label' | 'dns-1035-label' | 'path-segment'

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'

// The expressions that test are written without nested repetition, so that each is linear; the ones above are only shown.
const LABEL_TEST = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const LABEL_1035_TEST = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/
const QUALIFIED_TEST = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const SUBDOMAIN_TEST = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/

const LABEL_MESSAGE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
const LABEL_1035_MESSAGE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
const WILDCARD_MESSAGE =
  `a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case `
  + `alphanumeric characters, '-' or '.' and end with an alphanumeric character`
const C_IDENTIFIER_MESSAGE =
  `a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'`
const HTTP_PATH = `[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+`
const QUALIFIED_MESSAGE = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const LABEL_VALUE_MESSAGE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

/** regexMessage('m', 'x+', 'x', 'xx') -> m (e.g. 'x', or 'xx', regex used for validation is 'x+') */
function regexMessage(message: string, pattern: string, ...examples: readonly string[]): string {
  const used = `regex used for validation is '${pattern}'`
  if (examples.length === 0) return `${message} (${used})`
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}${used})`
}

export function maxLengthMessage(maxBytes: number): string {
  return `must be no more than ${maxBytes} bytes`
}

const EMPTY_MESSAGE = 'must be non-empty'

function isSubdomain(value: string): boolean {
  // a..b, a.-b and a-.b pass the linear expression and are no subdomains
  return SUBDOMAIN_TEST.test(value) && !/\.\.|\.-|-\./.test(value)
}

export function dnsLabelErrors(value: string): string[] {
  const errors = isLongerThan(value, 63) ? [maxLengthMessage(63)] : []
  if (LABEL_TEST.test(value)) return errors
  errors.push(isSubdomain(value) ? 'must not contain dots' : regexMessage(LABEL_MESSAGE, LABEL, 'my-name', '123-abc'))
  return errors
}

export function dnsSubdomainErrors(value: string): string[] {
  const errors = isLongerThan(value, 253) ? [maxLengthMessage(253)] : []
  if (!isSubdomain(value)) errors.push(regexMessage(SUBDOMAIN_MESSAGE, SUBDOMAIN, 'example.com'))
  return errors
}

/** *.example.com */
export function wildcardDnsErrors(value: string): string[] {
  const errors = isLongerThan(value, 253) ? [maxLengthMessage(253)] : []
  if (!value.startsWith('*.') || !isSubdomain(value.slice(2))) {
    errors.push(regexMessage(WILDCARD_MESSAGE, `\\*\\.${SUBDOMAIN}`, '*.example.com'))
  }
  return errors
}

export function cIdentifierErrors(value: string): string[] {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return []
  return [regexMessage(C_IDENTIFIER_MESSAGE, '[A-Za-z_][A-Za-z0-9_]*', 'my_name', 'MY_NAME', 'MyName')]
}

/** What follows the host of example.com/path. */
export function httpPathErrors(value: string): string[] {
  return /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(value) ? [] : [regexMessage('Invalid path', HTTP_PATH)]
}

export function dns1035LabelErrors(value: string): string[] {
  const errors = isLongerThan(value, 63) ? [maxLengthMessage(63)] : []
  if (!LABEL_1035_TEST.test(value)) errors.push(regexMessage(LABEL_1035_MESSAGE, LABEL_1035, 'my-name', 'abc-123'))
  return errors
}

/** Keys of labels and annotations, finalizers, taint keys: [subdomain/]name. */
export function qualifiedNameErrors(value: string): string[] {
  const slash = value.indexOf('/')
  const name = slash === -1 ? value : value.slice(slash + 1)
  if (name.includes('/')) {
    const message = `a qualified name ${regexMessage(QUALIFIED_MESSAGE, QUALIFIED, 'MyName', 'my.name', '123-abc')}`
    return [`${message} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const errors: string[] = []
  if (slash === 0) errors.push(`prefix part ${EMPTY_MESSAGE}`)
  else if (slash > 0) errors.push(...dnsSubdomainErrors(value.slice(0, slash)).map((message) => `prefix part ${message}`))
  if (name === '') errors.push(`name part ${EMPTY_MESSAGE}`)
  else if (isLongerThan(name, 63)) errors.push(`name part ${maxLengthMessage(63)}`)
  if (!QUALIFIED_TEST.test(name)) errors.push(`name part ${regexMessage(QUALIFIED_MESSAGE, QUALIFIED, 'MyName', 'my.name', '123-abc')}`)
  return errors
}

export function labelValueErrors(value: string): string[] {
  const errors = isLongerThan(value, 63) ? [maxLengthMessage(63)] : []
  if (value !== '' && !QUALIFIED_TEST.test(value)) {
    errors.push(regexMessage(LABEL_VALUE_MESSAGE, `(${QUALIFIED})?`, 'MyValue', 'my_value', '12345'))
  }
  return errors
}

/** What may stand between two slashes of a path: names of roles and of other kinds that users name freely. */
export function pathSegmentErrors(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`)
}

/** asPrefix: the value is a metadata.generateName, which may end in a dash. */
export function nameErrors(rule: NameRule, value: string, { asPrefix } = { asPrefix: false }): string[] {
  if (rule === 'path-segment') return asPrefix && /^\.\.?$/.test(value) ? [] : pathSegmentErrors(value)
  const name = asPrefix && value.length > 1 && value.endsWith('-') ? `${value.slice(0, -2)}a` : value
  switch (rule) {
    case 'dns-subdomain': return dnsSubdomainErrors(name)
    case 'dns-label': return dnsLabelErrors(name)
    case 'dns-1035-label': return dns1035LabelErrors(name)
  }
}

/** Keys of ConfigMaps and Secrets. */
export function configKeyErrors(value: string): string[] {
  const errors = isLongerThan(value, 253) ? [maxLengthMessage(253)] : []
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    const message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    errors.push(regexMessage(message, '[-._a-zA-Z0-9]+', 'key.name', 'KEY_NAME', 'key-name'))
  }
  if (value === '.') errors.push("must not be '.'")
  else if (value === '..') errors.push("must not be '..'")
  else if (value.startsWith('..')) errors.push("must not start with '..'")
  return errors
}

/** Any printable ASCII character but '=' (KEP-4369). */
export function envVarNameErrors(value: string): string[] {
  if (value === '') return [EMPTY_MESSAGE]
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

export function httpHeaderNameErrors(value: string): string[] {
  if (/^[-A-Za-z0-9]+$/.test(value)) return []
  return [regexMessage("a valid HTTP header must consist of alphanumeric characters or '-'", '[-A-Za-z0-9]+', 'X-Header-Name')]
}
