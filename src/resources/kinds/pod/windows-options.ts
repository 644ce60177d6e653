import { invalidValue } from '../../../objects/field-error.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsSubdomain } from '../../field-checks.ts'
import type { PodSpec, WindowsSecurityContextOptions } from '../../generated/types.ts'
import { utf8Length } from '../config-map.ts'
import { containersInPlace } from './containers-in-place.ts'

const MAX_SPEC_KIB = 64
const MAX_DOMAIN_CHARACTERS = 256
const MAX_USER_CHARACTERS = 104
const NET_BIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const DNS_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/
const CONTROL = /\p{Cc}/u

/** Windows nodes are not served; the form of what is written down is checked all the same. */
export function checkWindows(errors: Errors, path: string, options: WindowsSecurityContextOptions): void {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options
  if (gmsaCredentialSpecName !== undefined) checkDnsSubdomain(errors, path, 'gmsaCredentialSpecName', gmsaCredentialSpecName)
  if (gmsaCredentialSpec === '') {
    errors.push(invalidValue(`${path}.gmsaCredentialSpec`, '', 'gmsaCredentialSpec cannot be an empty string'))
  } else if (gmsaCredentialSpec !== undefined && utf8Length(gmsaCredentialSpec) > MAX_SPEC_KIB * 1024) {
    const detail = `gmsaCredentialSpec size must be under ${MAX_SPEC_KIB} KiB`
    errors.push(invalidValue(`${path}.gmsaCredentialSpec`, gmsaCredentialSpec, detail))
  }
  if (runAsUserName === undefined) return
  for (const detail of userNameErrors(runAsUserName)) errors.push(invalidValue(`${path}.runAsUserName`, runAsUserName, detail))
}

/** user, DOMAIN\user */
function userNameErrors(name: string): string[] {
  const parts = name.split('\\')
  if (name === '') return ['runAsUserName cannot be an empty string']
  if (CONTROL.test(name)) return ['runAsUserName cannot contain control characters']
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const problems: string[] = []
  const user = parts.at(-1) ?? ''
  const domain = parts.length === 2 ? parts[0] ?? '' : undefined
  if (domain !== undefined && isLongerThan(domain, MAX_DOMAIN_CHARACTERS - 1)) {
    problems.push(`runAsUserName's Domain length must be under ${MAX_DOMAIN_CHARACTERS} characters`)
  }
  if (domain !== undefined && !NET_BIOS.test(domain) && !DNS_NAME.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty")
  else if (isLongerThan(user, MAX_USER_CHARACTERS)) {
    problems.push(`runAsUserName's User length must not be longer than ${MAX_USER_CHARACTERS} characters`)
  }
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`)
  }
  return problems
}

/** A pod is on the host with all of its containers or with none. */
export function checkHostProcess(errors: Errors, path: string, spec: PodSpec): void {
  const shared = spec.securityContext?.windowsOptions?.hostProcess
  let count = 0
  const containers = containersInPlace(path, spec)
  for (const { container, path: here } of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (shared !== undefined && own !== undefined && shared !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${shared}`
      errors.push(invalidValue(`${here}.securityContext.windowsOptions.hostProcess`, own, detail))
    }
    if (own ?? shared) count++
  }
  if (count === 0) return
  if (count !== containers.length) {
    errors.push(invalidValue(path, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'))
  }
  if (spec.hostNetwork !== true) {
    errors.push(invalidValue(`${path}.hostNetwork`, false, 'hostNetwork must be true if pod contains any hostProcess containers'))
  }
}
