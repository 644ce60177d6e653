import { invalidValue, required, tooLong } from '../objects/field-error.ts'
import { dnsLabelErrors, dnsSubdomainErrors, httpPathErrors } from '../objects/names.ts'
import { isLongerThan } from '../words/bytes.ts'
import type { Errors } from './field-checks.ts'
import { at } from './field-checks.ts'

/** Names of a special form that several kinds refer to. */
const MAX_DRIVER_NAME = 63
const MAX_DOMAIN = 253
const MAX_SIGNER_NAME = MAX_DOMAIN + 1 + MAX_DOMAIN + 63 + 1

/** hooks.example.com: a domain with at least three segments. */
export function checkFullyQualifiedName(errors: Errors, path: string, field: string, name = ''): void {
  const problems = dnsSubdomainErrors(name)
  if (name === '') errors.push(required(at(path, field)))
  else if (problems.length > 0) errors.push(invalidValue(at(path, field), name, problems.join(',')))
  else if (name.split('.').length < 3) {
    errors.push(invalidValue(at(path, field), name, 'should be a domain with at least three segments separated by dots'))
  }
}

/** example.com/controller */
export function checkDomainPrefixedPath(errors: Errors, field: string, value: string): void {
  const slash = value.indexOf('/')
  const [host, rest] = [value.slice(0, slash), value.slice(slash + 1)]
  if (slash <= 0 || rest === '') {
    errors.push(invalidValue(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")'))
    return
  }
  for (const problem of dnsSubdomainErrors(host)) errors.push(invalidValue(field, host, problem))
  for (const problem of httpPathErrors(rest)) errors.push(invalidValue(field, rest, problem))
}

/** The name of a driver, as the CSI specification limits it; upper case is allowed. */
export function checkDriverName(errors: Errors, path: string, field: string, name = ''): void {
  if (name === '') errors.push(required(at(path, field)))
  if (isLongerThan(name, MAX_DRIVER_NAME)) errors.push(tooLong(at(path, field), MAX_DRIVER_NAME))
  for (const problem of dnsSubdomainErrors(name.toLowerCase())) errors.push(invalidValue(at(path, field), name, problem))
}

/** kubernetes.io/kubelet-serving */
export function checkSignerName(errors: Errors, field: string, name = ''): void {
  const [domain = '', path, ...rest] = name.split('/')
  if (name === '') errors.push(required(field, 'signerName must be provided'))
  else if (path === undefined || rest.length > 0) {
    errors.push(invalidValue(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"))
  } else checkSignerParts(errors, field, name, [domain, path])
}

function checkSignerParts(errors: Errors, field: string, name: string, [domain, path]: readonly [string, string]): void {
  if (isLongerThan(domain, MAX_DOMAIN)) errors.push(tooLong(field, MAX_DOMAIN))
  checkLabels(errors, field, domain, dnsLabelErrors)
  if (!domain.includes('.')) errors.push(invalidValue(field, domain, 'should be a domain with at least two segments separated by dots'))
  checkLabels(errors, field, path, dnsSubdomainErrors)
  if (isLongerThan(name, MAX_SIGNER_NAME)) errors.push(tooLong(field, MAX_SIGNER_NAME))
}

/** Only the first label that is wrong is reported. */
function checkLabels(errors: Errors, field: string, text: string, problemsOf: (label: string) => readonly string[]): void {
  for (const label of text.split('.')) {
    const problems = problemsOf(label)
    for (const problem of problems) errors.push(invalidValue(field, text, `validating label ${JSON.stringify(label)}: ${problem}`))
    if (problems.length > 0) return
  }
}
