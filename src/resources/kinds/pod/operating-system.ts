import { forbiddenField, notSupported, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import type { PodSpec } from '../../generated/types.ts'
import { containersInPlace } from './containers-in-place.ts'

const NAMES = ['linux', 'windows']
/** In upstream's order; some stand beside the security context, not in it. */
const LINUX_POD_FIELDS = [
  'appArmorProfile', 'seLinuxOptions', 'hostPID', 'hostIPC', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls',
  'shareProcessNamespace', 'runAsUser', 'runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy',
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
  for (const { container, path: here } of containersInPlace(path, spec)) {
    if (container.securityContext?.windowsOptions === undefined) continue
    errors.push(forbiddenField(`${here}.securityContext.windowsOptions`, detail))
  }
}

function forbidLinuxFields(errors: Errors, path: string, spec: PodSpec): void {
  const detail = 'cannot be set for a windows pod'
  for (const field of LINUX_POD_FIELDS) {
    switch (field) {
      case 'hostPID':
      case 'hostIPC':
        if (spec[field] === true) errors.push(forbiddenField(`${path}.${field}`, detail))
        break
      case 'shareProcessNamespace':
        if (spec[field] !== undefined) errors.push(forbiddenField(`${path}.${field}`, detail))
        break
      default: {
        const value = spec.securityContext?.[field]
        const isEmpty = field === 'sysctls' && spec.securityContext?.sysctls?.length === 0
        if (value !== undefined && !isEmpty) errors.push(forbiddenField(`${path}.securityContext.${field}`, detail))
      }
    }
  }
  for (const { container: { securityContext }, path: here } of containersInPlace(path, spec)) {
    for (const field of LINUX_CONTAINER_FIELDS) {
      if (securityContext?.[field] !== undefined) errors.push(forbiddenField(`${here}.securityContext.${field}`, detail))
    }
  }
}
