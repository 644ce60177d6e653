import { forbiddenField, notSupported, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import type { PodSpec } from '../../generated/types.ts'

const NAMES = ['linux', 'windows']
const LINUX_POD_FIELDS = [
  'appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls', 'runAsUser', 'runAsGroup',
  'supplementalGroups', 'supplementalGroupsPolicy',
] as const
const LINUX_CONTAINER_FIELDS = [
  'appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation',
  'procMount', 'runAsUser', 'runAsGroup',
] as const

/** A pod that says which operating system it is for may not have fields of the other one. */
export function checkOperatingSystem(errors: Errors, path: string, spec: PodSpec): void {
  if (spec.os === undefined) return
  const { name = '' } = spec.os
  if (name === '') errors.push(required(`${path}.os.name`, 'cannot be empty'))
  else if (!NAMES.includes(name)) errors.push(notSupported(`${path}.os`, name, NAMES))
  else if (name === 'linux') forbidWindowsFields(errors, path, spec)
  else forbidLinuxFields(errors, path, spec)
}

function forbidWindowsFields(errors: Errors, path: string, spec: PodSpec): void {
  const detail = 'windows options cannot be set for a linux pod'
  if (spec.securityContext?.windowsOptions !== undefined) errors.push(forbiddenField(`${path}.securityContext.windowsOptions`, detail))
  for (const [here, context] of containerContexts(path, spec)) {
    if (context?.windowsOptions !== undefined) errors.push(forbiddenField(`${here}.windowsOptions`, detail))
  }
}

function forbidLinuxFields(errors: Errors, path: string, spec: PodSpec): void {
  const detail = 'cannot be set for a windows pod'
  const context = `${path}.securityContext`
  for (const field of ['hostPID', 'hostIPC', 'shareProcessNamespace'] as const) {
    const set = field === 'shareProcessNamespace' ? spec[field] !== undefined : spec[field] === true
    // Upstream has these below the security context.
    if (set) errors.push(forbiddenField(`${field === 'shareProcessNamespace' ? path : context}.${field}`, detail))
  }
  for (const field of LINUX_POD_FIELDS) {
    if (spec.securityContext?.[field] !== undefined) errors.push(forbiddenField(`${context}.${field}`, detail))
  }
  for (const [here, security] of containerContexts(path, spec)) {
    for (const field of LINUX_CONTAINER_FIELDS) {
      if (security?.[field] !== undefined) errors.push(forbiddenField(`${here}.${field}`, detail))
    }
  }
}

type Context = NonNullable<PodSpec['containers']>[number]['securityContext']

function containerContexts(path: string, spec: PodSpec): [string, Context][] {
  return (['containers', 'initContainers', 'ephemeralContainers'] as const).flatMap((list) => {
    const here = (index: number): string => `${path}.${list}[${index}].securityContext`
    return (spec[list] ?? []).map(({ securityContext }, index): [string, Context] => [here(index), securityContext])
  })
}
