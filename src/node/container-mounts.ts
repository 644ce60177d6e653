import { idOf } from './security.ts'
import type { Container, Pod, Volume, VolumeMount } from '../resources/generated/types.ts'
import { DEFAULT_TERMINATION_PATH } from './container-config.ts'
import { expand } from './expansion.ts'
import { hostsFile } from './pod-names.ts'
import type { ClusterNames } from './pod-names.ts'
import type { MountConfig } from './runtime.ts'
import type { VolumeHost } from './volumes/volume-host.ts'

export interface MountInput {
  readonly pod: Pod
  readonly container: Container
  readonly attempt: number
  /** Where each volume of the pod is on the host, by name. */
  readonly volumePaths: ReadonlyMap<string, string>
  readonly environment: readonly { readonly name: string; readonly value: string }[]
  readonly addresses: readonly string[]
  readonly cluster: ClusterNames
  readonly host: VolumeHost
}

/** What is mounted into a container: its volumes, /etc/hosts and the file for its termination message. */
export async function containerMounts(input: MountInput): Promise<MountConfig[]> {
  const { pod, container, host } = input
  const uid = pod.metadata.uid ?? ''
  const mounts: MountConfig[] = []
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) mounts.push(await volumeMount(input, mount, index))
  const taken = new Set(mounts.map(({ containerPath }) => containerPath))
  if (!taken.has('/etc/hosts')) {
    const ofHost = pod.spec?.hostNetwork === true ? await host.hostHosts() : ''
    const hostPath = await host.writePodFile(uid, 'etc-hosts', hostsFile(pod, input.cluster, input.addresses, ofHost))
    mounts.push({ containerPath: '/etc/hosts', hostPath, readOnly: false, propagation: 'private' })
  }
  const terminationPath = container.terminationMessagePath ?? DEFAULT_TERMINATION_PATH
  if (terminationPath !== '' && !taken.has(terminationPath)) {
    const hostPath = await host.terminationFile(uid, container.name, input.attempt)
    mounts.push({ containerPath: terminationPath, hostPath, readOnly: false, propagation: 'private' })
  }
  return mounts
}

async function volumeMount(input: MountInput, mount: VolumeMount, index: number): Promise<MountConfig> {
  const volumePath = input.volumePaths.get(mount.name)
  if (volumePath === undefined) {
    throw new Error(`cannot find volume ${JSON.stringify(mount.name)} to mount into container ${JSON.stringify(input.container.name)}`)
  }
  const volume = input.pod.spec?.volumes?.find(({ name }) => name === mount.name)
  const subPath = resolvedSubPath(input, mount)
  const hostPath = subPath === '' ? volumePath : await input.host.subPath(input.pod.metadata.uid ?? '', {
    volume: mount.name, container: input.container.name, index, volumePath, subPath,
    groupId: idOf(input.pod.spec?.securityContext?.fsGroup),
  })
  return {
    containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
    hostPath,
    readOnly: mount.readOnly === true || isReadOnlyKind(volume),
    propagation: propagation(mount.mountPropagation),
  }
}

function resolvedSubPath(input: MountInput, mount: VolumeMount): string {
  const expression = mount.subPathExpr ?? ''
  if (expression === '') return checkedSubPath(mount.subPath ?? '')
  const variables = new Map(input.environment.map(({ name, value }) => [name, value]))
  return checkedSubPath(expand(expression, (name) => {
    const value = variables.get(name)
    if (value !== undefined && value !== '') return value
    throw new Error(`missing value for ${JSON.stringify(name)} in subPathExpr ${JSON.stringify(expression)}`)
  }))
}

function checkedSubPath(path: string): string {
  if (path.startsWith('/')) throw new Error(`subPath ${JSON.stringify(path)} must be a relative path`)
  if (path.split('/').includes('..')) throw new Error(`subPath ${JSON.stringify(path)} must not contain '..'`)
  return path
}

/** What the node keeps up to date is not for containers to write. */
function isReadOnlyKind(volume: Volume | undefined): boolean {
  if (volume === undefined) return false
  return [volume.configMap, volume.secret, volume.downwardAPI, volume.projected].some((source) => source !== undefined)
}

function propagation(mode: string | undefined): MountConfig['propagation'] {
  if (mode === 'Bidirectional') return 'bidirectional'
  return mode === 'HostToContainer' ? 'host-to-container' : 'private'
}
