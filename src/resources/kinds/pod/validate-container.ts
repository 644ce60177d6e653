import type { Integer } from '../../../objects/json.ts'
import { duplicate, forbiddenField, invalidValue, notFoundValue, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import {
  checkDnsLabel, checkOneOf, checkOneOfIfSet, checkPortName, checkPortNumber, PROTOCOLS,
} from '../../field-checks.ts'
import type { Container, ContainerPort, EphemeralContainer, VolumeDevice, VolumeMount } from '../../generated/types.ts'
import { checkResourceRequirements } from '../../resource-list.ts'
import { checkRelativePath, hasBacksteps } from './path-checks.ts'
import { checkResizePolicies } from './resize-policy.ts'
import { checkClaimUses } from './resource-claims.ts'
import { checkEnvironment, checkEnvironmentFrom } from './validate-environment.ts'
import { checkProbesAndHooks } from './validate-probe.ts'
import { checkContainerSecurity } from './validate-security.ts'
import type { VolumesByName } from './validate-volume.ts'

/** What containers of a pod refer to, and what is said once for all of them. */
export interface PodParts {
  readonly volumes: VolumesByName
  /** Names of the pod's resource claims. */
  readonly claims: ReadonlySet<string>
  readonly graceSeconds: Integer | undefined
  readonly containers: readonly Container[]
  readonly initContainers: readonly Container[]
  /** The pod's own. */
  readonly restartPolicy: string | undefined
}

const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError']
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']

export function checkContainers(errors: Errors, path: string, parts: PodParts): void {
  if (parts.containers.length === 0) {
    errors.push(required(path))
    return
  }
  const names = new Set<string>()
  parts.containers.forEach((container, index) => {
    const here = `${path}[${index}]`
    checkContainer(errors, here, container, parts)
    if (names.has(container.name)) errors.push(duplicate(`${here}.name`, container.name))
    names.add(container.name)
    checkProbesAndHooks(errors, here, container, parts.graceSeconds)
    if (container.restartPolicy !== undefined) {
      errors.push(forbiddenField(`${here}.restartPolicy`, 'may not be set for non-init containers'))
    }
  })
  checkHostPorts(errors, path, parts.containers)
}

const ONLY_SIDECARS = 'may not be set for init containers without restartPolicy=Always'
const SIDECAR_FIELDS = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

export function checkInitContainers(errors: Errors, path: string, parts: PodParts): void {
  const names = new Set(parts.containers.map(({ name }) => name))
  parts.initContainers.forEach((container, index) => {
    const here = `${path}[${index}]`
    checkContainer(errors, here, container, parts)
    checkOneOfIfSet(errors, here, 'restartPolicy', container.restartPolicy, ['Always'])
    if (names.has(container.name)) errors.push(duplicate(`${here}.name`, container.name))
    else if ((container.name ?? '') !== '') names.add(container.name)
    checkHostPorts(errors, path, [container])
    if (container.restartPolicy === 'Always') checkProbesAndHooks(errors, here, container, parts.graceSeconds)
    else
      for (const field of SIDECAR_FIELDS) if (container[field] !== undefined) errors.push(forbiddenField(`${here}.${field}`, ONLY_SIDECARS))
    if ((container.resizePolicy ?? []).length > 0) {
      errors.push(invalidValue(`${here}.resizePolicy`, container.resizePolicy, 'must not be set for init containers'))
    }
  })
}

/** Ephemeral containers come late and are for looking around: nothing may depend on them. */
const EPHEMERAL_FIELDS: ReadonlySet<string> = new Set([
  'name', 'image', 'command', 'args', 'workingDir', 'envFrom', 'env', 'volumeMounts', 'volumeDevices', 'terminationMessagePath',
  'terminationMessagePolicy', 'imagePullPolicy', 'securityContext', 'stdin', 'stdinOnce', 'tty', 'targetContainerName', 'resources',
])

export function checkEphemeralContainers(errors: Errors, path: string, containers: readonly EphemeralContainer[], parts: PodParts): void {
  const others = new Set([...parts.containers, ...parts.initContainers].map(({ name }) => name))
  const names = new Set(others)
  containers.forEach((container, index) => {
    const here = `${path}[${index}]`
    checkContainer(errors, here, container, parts)
    checkImage(errors, here, container)
    if (names.has(container.name)) errors.push(duplicate(`${here}.name`, container.name))
    names.add(container.name)
    const target = container.targetContainerName ?? ''
    if (target !== '' && !others.has(target)) errors.push(notFoundValue(`${here}.targetContainerName`, target))
    const forbidden = (field: string): void =>
      void errors.push(forbiddenField(`${here}.${field}`, 'cannot be set for an Ephemeral Container'))
    for (const field in container) if (!EPHEMERAL_FIELDS.has(field)) forbidden(field)
    if (Object.keys(container.resources ?? {}).length > 0) forbidden('resources')
    container.volumeMounts?.forEach((mount, at) => {
      if ((mount.subPath ?? '') !== '') forbidden(`volumeMounts[${at}].subPath`)
      if ((mount.subPathExpr ?? '') !== '') forbidden(`volumeMounts[${at}].subPathExpr`)
    })
  })
}

function checkContainer(errors: Errors, path: string, container: Container | EphemeralContainer, parts: PodParts): void {
  const { name = '', image = '', env, envFrom, ports, volumeMounts = [], volumeDevices = [] } = container
  if (name === '') errors.push(required(`${path}.name`))
  else checkDnsLabel(errors, path, 'name', name)
  if (image === '') errors.push(required(`${path}.image`))
  checkOneOf(errors, path, 'terminationMessagePolicy', container.terminationMessagePolicy, MESSAGE_POLICIES)
  if (ports !== undefined) checkContainerPorts(errors, `${path}.ports`, ports)
  if (env !== undefined) checkEnvironment(errors, `${path}.env`, env)
  if (envFrom !== undefined) checkEnvironmentFrom(errors, `${path}.envFrom`, envFrom)
  checkMounts(errors, path, volumeMounts, volumeDevices, container, parts.volumes)
  if (volumeDevices.length > 0) checkDevices(errors, path, volumeDevices, volumeMounts, parts.volumes)
  checkOneOf(errors, path, 'imagePullPolicy', container.imagePullPolicy, PULL_POLICIES)
  if (container.resources !== undefined) {
    checkResourceRequirements(errors, `${path}.resources`, container.resources)
    if (container.resources.claims !== undefined) checkClaimUses(errors, `${path}.resources.claims`, container.resources, parts.claims)
  }
  if (container.resizePolicy !== undefined) checkResizePolicies(errors, `${path}.resizePolicy`, container.resizePolicy, parts.restartPolicy)
  if (container.securityContext !== undefined) checkContainerSecurity(errors, `${path}.securityContext`, container.securityContext)
}

/** In a pod only: a template's image may be filled in later, so that blanks around it do no harm there. */
export function checkImage(errors: Errors, path: string, { image = '' }: { readonly image?: string }): void {
  if (image !== image.trim()) errors.push(invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace'))
}

function checkContainerPorts(errors: Errors, path: string, ports: readonly ContainerPort[]): void {
  const names = new Set<string>()
  ports.forEach((port, index) => {
    const { name = '', containerPort = 0, hostPort = 0 } = port
    if (name !== '') {
      const before = errors.length
      checkPortName(errors, path, `[${index}].name`, name)
      if (errors.length === before && names.has(name)) errors.push(duplicate(`${path}[${index}].name`, name))
      names.add(name)
    }
    if (containerPort === 0) errors.push(required(`${path}[${index}].containerPort`))
    else checkPortNumber(errors, path, `[${index}].containerPort`, containerPort)
    if (hostPort !== 0) checkPortNumber(errors, path, `[${index}].hostPort`, hostPort)
    checkOneOf(errors, path, `[${index}].protocol`, port.protocol, PROTOCOLS)
  })
}

/** Containers of one pod share the node's addresses. */
function checkHostPorts(errors: Errors, path: string, containers: readonly Container[]): void {
  const taken = new Set<string>()
  containers.forEach(({ ports = [] }, index) => {
    ports.forEach(({ hostPort = 0, hostIP = '', protocol = '' }, at) => {
      if (hostPort === 0) return
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (taken.has(key)) errors.push(duplicate(`${path}[${index}].ports[${at}].hostPort`, key))
      taken.add(key)
    })
  })
}

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None']

function checkMounts(
  errors: Errors, containerPath: string, mounts: readonly VolumeMount[], devices: readonly VolumeDevice[],
  container: Container | EphemeralContainer, volumes: VolumesByName,
): void {
  const path = `${containerPath}.volumeMounts`
  const points = new Set<string>()
  mounts.forEach((mount, index) => {
    const { name = '', mountPath = '', subPath = '', subPathExpr = '' } = mount
    if (name === '') errors.push(required(`${path}[${index}].name`))
    if (!volumes.has(name)) errors.push(notFoundValue(`${path}[${index}].name`, name))
    if (mountPath === '') errors.push(required(`${path}[${index}].mountPath`))
    if (points.has(mountPath)) errors.push(invalidValue(`${path}[${index}].mountPath`, mountPath, 'must be unique'))
    points.add(mountPath)
    if (devices.some((device) => device.name === name)) {
      errors.push(invalidValue(`${path}[${index}].name`, name, 'must not already exist in volumeDevices'))
    }
    if (devices.some((device) => device.devicePath === mountPath)) {
      errors.push(invalidValue(`${path}[${index}].mountPath`, mountPath, 'must not already exist as a path in volumeDevices'))
    }
    // Upstream leaves the index out of the paths of the remaining fields.
    if (subPath !== '') checkRelativePath(errors, `${path}.subPath`, subPath)
    if (subPathExpr !== '') {
      if (subPath !== '') {
        errors.push(invalidValue(`${path}[${index}].subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
      }
      checkRelativePath(errors, `${path}.subPathExpr`, subPathExpr)
    }
    if (mount.mountPropagation !== undefined) checkPropagation(errors, path, mount.mountPropagation, container)
    if (mount.recursiveReadOnly !== undefined) checkRecursiveReadOnly(errors, path, mount)
  })
}

function checkPropagation(errors: Errors, path: string, mode: string, container: Container | EphemeralContainer): void {
  checkOneOfIfSet(errors, path, 'mountPropagation', mode, PROPAGATIONS)
  if (mode === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers'
    errors.push(forbiddenField(`${path}.mountPropagation`, detail))
  }
}

function checkRecursiveReadOnly(errors: Errors, path: string, { recursiveReadOnly, readOnly, mountPropagation }: VolumeMount): void {
  const field = `${path}.recursiveReadOnly`
  checkOneOfIfSet(errors, path, 'recursiveReadOnly', recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'])
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') return
  if (readOnly !== true) errors.push(forbiddenField(field, 'may only be specified when readOnly is true'))
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    errors.push(forbiddenField(field, 'may only be specified when mountPropagation is None or not specified'))
  }
}

function checkDevices(
  errors: Errors, containerPath: string, devices: readonly VolumeDevice[], mounts: readonly VolumeMount[], volumes: VolumesByName,
): void {
  const paths = new Set<string>()
  const names = new Set<string>()
  devices.forEach(({ name = '', devicePath = '' }, index) => {
    const path = `${containerPath}.volumeDevices[${index}]`
    const volume = volumes.get(name)
    if (name === '') errors.push(required(`${path}.name`))
    if (names.has(name)) errors.push(invalidValue(`${path}.name`, name, 'must be unique'))
    if (name !== '') names.add(name)
    if (volume === undefined) errors.push(notFoundValue(`${path}.name`, name))
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      errors.push(
        invalidValue(`${path}.name`, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode')
      )
    }
    if (devicePath === '') errors.push(required(`${path}.devicePath`))
    if (paths.has(devicePath)) errors.push(invalidValue(`${path}.devicePath`, devicePath, 'must be unique'))
    if (hasBacksteps(devicePath)) errors.push(invalidValue(`${path}.devicePath`, devicePath, "can not contain backsteps ('..')"))
    else paths.add(devicePath)
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalidValue(`${path}.name`, name, 'must not already exist in volumeMounts'))
    }
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      errors.push(invalidValue(`${path}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    }
  })
}
