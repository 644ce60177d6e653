import { invalidValue, required } from '../../../objects/field-error.ts'
import { dns1035LabelErrors, dnsSubdomainErrors } from '../../../objects/names.ts'
import { portNumberErrors } from '../../../objects/ports-and-addresses.ts'
import type { Errors } from '../../field-checks.ts'
import type { ServiceReference, WebhookClientConfig } from '../../generated/types.ts'

const FORM = '; desired format: https://host[/path]'
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/
const AUTHORITY = /^\/\/(?:([^/?#@]*)@)?([^/?#]*)/

/** Where a webhook is reached: by a URL or as a service. Port 443 is meant where none is said. */
export function defaultClientConfig(config: WebhookClientConfig | undefined): void {
  if (config?.service !== undefined) config.service.port ??= 443
}

export function checkClientConfig(errors: Errors, path: string, { url, service }: WebhookClientConfig): void {
  if ((url === undefined) === (service === undefined)) errors.push(required(path, 'exactly one of url or service is required'))
  else if (url !== undefined) checkUrl(errors, `${path}.url`, url)
  else if (service !== undefined) checkService(errors, `${path}.service`, service)
}

function checkUrl(errors: Errors, field: string, url: string): void {
  const problem = urlProblem(url)
  if (problem !== undefined) {
    return void errors.push(required(field, `url must be a valid URL: parse ${JSON.stringify(url)}: ${problem}${FORM}`))
  }
  const [beforeFragment = '', fragment = ''] = splitOnce(url, '#')
  const scheme = SCHEME.exec(beforeFragment)?.[1] ?? ''
  const [rest = '', query = ''] = splitOnce(scheme === '' ? beforeFragment : beforeFragment.slice(scheme.length + 1), '?')
  const [, user, host = ''] = AUTHORITY.exec(rest) ?? []
  if (scheme.toLowerCase() !== 'https') errors.push(invalidValue(field, scheme, `'https' is the only allowed URL scheme${FORM}`))
  if (host === '') errors.push(invalidValue(field, '', `host must be provided${FORM}`))
  if (user !== undefined) errors.push(invalidValue(field, user, 'user information is not permitted in the URL'))
  if (fragment !== '') errors.push(invalidValue(field, fragment, 'fragments are not permitted in the URL'))
  if (query !== '') errors.push(invalidValue(field, query, 'query parameters are not permitted in the URL'))
}

/** Why a text can be no URL at all, in the words of Go. */
function urlProblem(url: string): string | undefined {
  if (/[\0-\x1f\x7f]/.test(url)) return 'net/url: invalid control character in URL'
  if (url.startsWith(':')) return 'missing protocol scheme'
  const authority = AUTHORITY.exec(url.replace(SCHEME, ''))
  const host = authority?.[2] ?? ''
  const character = /[\s"<>\\^`{|}]/.exec(host)?.[0]
  if (character !== undefined) return `invalid character ${JSON.stringify(character)} in host name`
  const port = /(:[^:\]]*)$/.exec(host)?.[1] ?? ''
  if (port !== '' && !/^:\d*$/.test(port)) return `invalid port ${JSON.stringify(port)} after host`
  const escape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(url.split(/[?#]/, 1)[0] ?? '')?.[0]
  return escape === undefined ? undefined : `invalid URL escape ${JSON.stringify(escape)}`
}

function splitOnce(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator)
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}

function checkService(errors: Errors, field: string, { name = '', namespace = '', port = 443, path = '' }: ServiceReference): void {
  if (name === '') errors.push(required(`${field}.name`, 'service name is required'))
  if (namespace === '') errors.push(required(`${field}.namespace`, 'service namespace is required'))
  const problems = portNumberErrors(port)
  if (problems.length > 0) errors.push(invalidValue(`${field}.port`, port, `port is not valid: ${problems.join(', ')}`))
  checkServicePath(errors, `${field}.path`, path)
}

function checkServicePath(errors: Errors, field: string, path: string): void {
  if (path === '' || path === '/') return
  if (path === '//') return void errors.push(invalidValue(field, path, 'segment[0] may not be empty'))
  if (!path.startsWith('/')) errors.push(invalidValue(field, path, "must start with a '/'"))
  path.slice(1).replace(/\/$/, '').split('/').forEach((step, index) => {
    if (step === '') errors.push(invalidValue(field, path, `segment[${index}] may not be empty`))
    else for (const problem of dnsSubdomainErrors(step)) errors.push(invalidValue(field, path, `segment[${index}]: ${problem}`))
  })
}

/** Versions of the review that the other side understands: at least one must be ours. */
export function checkReviewVersions(
  errors: Errors, field: string, versions: readonly string[] | undefined, detailWhenMissing: string,
): void {
  if (versions === undefined || versions.length === 0) return void errors.push(required(field, detailWhenMissing))
  const seen = new Set<string>()
  versions.forEach((version, index) => {
    if (seen.has(version)) return void errors.push(invalidValue(`${field}[${index}]`, version, 'duplicate version'))
    seen.add(version)
    for (const problem of dns1035LabelErrors(version)) errors.push(invalidValue(`${field}[${index}]`, version, problem))
  })
  if (!seen.has('v1') && !seen.has('v1beta1')) errors.push(invalidValue(field, versions, 'must include at least one of v1, v1beta1'))
}
