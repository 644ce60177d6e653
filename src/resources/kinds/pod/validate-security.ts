import type { Integer } from '../../../objects/json.ts'
import { invalidValue, notSupported, required, tooLong } from '../../../objects/field-error.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import type { Errors } from '../../field-checks.ts'
import { checkOneOfIfSet } from '../../field-checks.ts'
import type {
  AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext,
} from '../../generated/types.ts'
import { checkRelativePath } from './path-checks.ts'
import { checkWindows } from './windows-options.ts'

const MAX_ID = 2147483647
const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined']
const MAX_PATH_CHARACTERS = 4095
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
/** As upstream writes it, with a needless backslash. */
const SHOWN_SYSCTL = SYSCTL.source.replace('[./]', String.raw`[\./]`)
const MAX_SYSCTL_CHARACTERS = 253

function checkId(errors: Errors, path: string, id: Integer | undefined): void {
  if (id !== undefined && (id < 0 || id > MAX_ID)) errors.push(invalidValue(path, id, `must be between 0 and ${MAX_ID}, inclusive`))
}

export function checkContainerSecurity(errors: Errors, path: string, context: SecurityContext): void {
  const { privileged, allowPrivilegeEscalation, capabilities, procMount } = context
  checkId(errors, `${path}.runAsUser`, context.runAsUser)
  checkId(errors, `${path}.runAsGroup`, context.runAsGroup)
  checkOneOfIfSet(errors, path, 'procMount', procMount, ['Default', 'Unmasked'])
  if (procMount === 'Unmasked') errors.push(invalidValue(`${path}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`'))
  if (context.seccompProfile !== undefined) checkSeccomp(errors, `${path}.seccompProfile`, context.seccompProfile)
  if (allowPrivilegeEscalation === false) {
    if (privileged === true) {
      errors.push(invalidValue(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    }
    if (capabilities?.add?.includes('CAP_SYS_ADMIN') === true) {
      errors.push(invalidValue(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
    }
  }
  if (context.windowsOptions !== undefined) checkWindows(errors, `${path}.windowsOptions`, context.windowsOptions)
  if (context.appArmorProfile !== undefined) checkAppArmor(errors, `${path}.appArmorProfile`, context.appArmorProfile)
}

export function checkPodSecurity(errors: Errors, path: string, context: PodSecurityContext, spec: PodSpec): void {
  checkId(errors, `${path}.fsGroup`, context.fsGroup)
  checkId(errors, `${path}.runAsUser`, context.runAsUser)
  checkId(errors, `${path}.runAsGroup`, context.runAsGroup)
  context.supplementalGroups?.forEach((group, index) => checkId(errors, `${path}.supplementalGroups[${index}]`, group))
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.push(invalidValue(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  }
  if (context.sysctls !== undefined) checkSysctls(errors, `${path}.sysctls`, context, spec)
  checkOneOfIfSet(errors, path, 'fsGroupChangePolicy', context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'])
  if (context.seccompProfile !== undefined) checkSeccomp(errors, `${path}.seccompProfile`, context.seccompProfile)
  if (context.windowsOptions !== undefined) checkWindows(errors, `${path}.windowsOptions`, context.windowsOptions)
  if (context.appArmorProfile !== undefined) checkAppArmor(errors, `${path}.appArmorProfile`, context.appArmorProfile)
}

function checkSysctls(errors: Errors, path: string, { sysctls = [] }: PodSecurityContext, spec: PodSpec): void {
  const seen = new Set<string>()
  sysctls.forEach(({ name = '' }, index) => {
    const here = `${path}[${index}].name`
    if (name === '') errors.push(required(here))
    else if (name.length > MAX_SYSCTL_CHARACTERS || !SYSCTL.test(name)) {
      errors.push(invalidValue(here, name, `must have at most ${MAX_SYSCTL_CHARACTERS} characters and match regex ${SHOWN_SYSCTL}`))
    } else if (seen.has(name)) {
      errors.push({ reason: 'FieldValueDuplicate', field: here, message: `Duplicate value: ${JSON.stringify(name)}` })
    }
    seen.add(name)
    const dotted = name.replaceAll('/', '.')
    if (spec.hostNetwork === true && dotted.startsWith('net.')) {
      errors.push(invalidValue(here, name, "may not be specified when 'hostNetwork' is true"))
    }
    if (spec.hostIPC === true && /^(kernel\.(sem|shm|msg)|fs\.mqueue\.)/.test(dotted)) {
      errors.push(invalidValue(here, name, "may not be specified when 'hostIPC' is true"))
    }
  })
}

function checkSeccomp(errors: Errors, path: string, profile: SeccompProfile): void {
  const { type = '', localhostProfile } = profile
  if (type === '') errors.push(required(`${path}.type`, 'type is required when seccompProfile is set'))
  else if (!PROFILE_TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, PROFILE_TYPES))
  const field = `${path}.localhostProfile`
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined) errors.push(invalidValue(field, profile, 'can only be set when seccomp type is Localhost'))
  } else if (localhostProfile === undefined) errors.push(required(field, 'must be set when seccomp type is Localhost'))
  else checkRelativePath(errors, field, localhostProfile)
}

export function checkAppArmor(errors: Errors, path: string, { type = '', localhostProfile }: AppArmorProfile): void {
  const field = `${path}.localhostProfile`
  if (type === '') errors.push(required(`${path}.type`, 'type is required when appArmorProfile is set'))
  else if (!PROFILE_TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, PROFILE_TYPES))
  else if (type !== 'Localhost') {
    if (localhostProfile !== undefined) {
      errors.push(invalidValue(field, localhostProfile, 'can only be set when AppArmor type is Localhost'))
    }
  } else if (localhostProfile === undefined || localhostProfile === '') {
    errors.push(required(field, 'must be set when AppArmor type is Localhost'))
  } else {
    if (localhostProfile !== localhostProfile.trim()) {
      errors.push(invalidValue(field, localhostProfile, 'must not be padded with whitespace'))
    }
    if (isLongerThan(localhostProfile, MAX_PATH_CHARACTERS)) errors.push(tooLong(field, MAX_PATH_CHARACTERS))
  }
}
