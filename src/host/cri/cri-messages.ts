/**
 * The messages of CRI v1 (package runtime.v1), as far as they are used here: field names and numbers. Enums are numbers: see
 * cri-constants.ts.
 */
import { bool, bytes, inner, int32, int64, list, message, text, textMap } from './protobuf.ts'
import type { OutputOf } from './protobuf.ts'

export const versionRequest = message({ version: text(1) })
export const versionResponse = message({ version: text(1), runtimeName: text(2), runtimeVersion: text(3), runtimeApiVersion: text(4) })
const podSandboxMetadata = message({ name: text(1), uid: text(2), namespace: text(3), attempt: int32(4) })
export const dnsConfig = message({ servers: list(text(1)), searches: list(text(2)), options: list(text(3)) })
const portMapping = message({ protocol: int32(1), containerPort: int32(2), hostPort: int32(3), hostIp: text(4) })
export const namespaceOption = message({ network: int32(1), pid: int32(2), ipc: int32(3), targetId: text(4) })
const int64Value = message({ value: int64(1) })
export const securityProfile = message({ profileType: int32(1), localhostRef: text(2) })
const linuxSandboxSecurityContext = message({
  namespaceOptions: inner(1, namespaceOption),
  runAsUser: inner(3, int64Value),
  runAsGroup: inner(8, int64Value),
  readonlyRootfs: bool(4),
  supplementalGroups: list(int64(5)),
  privileged: bool(6),
  seccomp: inner(9, securityProfile),
})
export const linuxContainerResources = message({
  cpuPeriod: int64(1),
  cpuQuota: int64(2),
  cpuShares: int64(3),
  memoryLimitInBytes: int64(4),
  oomScoreAdj: int64(5),
})
const linuxPodSandboxConfig = message({
  cgroupParent: text(1),
  securityContext: inner(2, linuxSandboxSecurityContext),
  sysctls: textMap(3),
  resources: inner(5, linuxContainerResources),
})
export const podSandboxConfig = message({
  metadata: inner(1, podSandboxMetadata),
  hostname: text(2),
  logDirectory: text(3),
  dnsConfig: inner(4, dnsConfig),
  portMappings: list(inner(5, portMapping)),
  labels: textMap(6),
  annotations: textMap(7),
  linux: inner(8, linuxPodSandboxConfig),
})
export const runPodSandboxRequest = message({ config: inner(1, podSandboxConfig) })
export const runPodSandboxResponse = message({ podSandboxId: text(1) })
export const stopPodSandboxRequest = message({ podSandboxId: text(1) })
export const stopPodSandboxResponse = message({})
export const removePodSandboxRequest = message({ podSandboxId: text(1) })
export const removePodSandboxResponse = message({})
export const podSandboxStatusRequest = message({ podSandboxId: text(1), verbose: bool(2) })
export const podIP = message({ ip: text(1) })
const podSandboxNetworkStatus = message({ ip: text(1), additionalIps: list(inner(2, podIP)) })
export const namespace = message({ options: inner(2, namespaceOption) })
const linuxPodSandboxStatus = message({ namespaces: inner(1, namespace) })
export const podSandboxStatus = message({
  id: text(1),
  metadata: inner(2, podSandboxMetadata),
  state: int32(3),
  createdAt: int64(4),
  network: inner(5, podSandboxNetworkStatus),
  linux: inner(6, linuxPodSandboxStatus),
  labels: textMap(7),
  annotations: textMap(8),
})
export const podSandboxStatusResponse = message({ status: inner(1, podSandboxStatus), info: textMap(2) })
const podSandboxStateValue = message({ state: int32(1) })
const podSandboxFilter = message({ id: text(1), state: inner(2, podSandboxStateValue), labelSelector: textMap(3) })
export const listPodSandboxRequest = message({ filter: inner(1, podSandboxFilter) })
const podSandbox = message({
  id: text(1),
  metadata: inner(2, podSandboxMetadata),
  state: int32(3),
  createdAt: int64(4),
  labels: textMap(5),
  annotations: textMap(6),
})
export const listPodSandboxResponse = message({ items: list(inner(1, podSandbox)) })
const containerMetadata = message({ name: text(1), attempt: int32(2) })
const imageSpec = message({ image: text(1), annotations: textMap(2) })
const keyValue = message({ key: text(1), value: text(2) })
export const mount = message({ containerPath: text(1), hostPath: text(2), readonly: bool(3), propagation: int32(5) })
export const device = message({ containerPath: text(1), hostPath: text(2), permissions: text(3) })
const capability = message({ addCapabilities: list(text(1)), dropCapabilities: list(text(2)) })
export const linuxContainerSecurityContext = message({
  capabilities: inner(1, capability),
  privileged: bool(2),
  namespaceOptions: inner(3, namespaceOption),
  runAsUser: inner(5, int64Value),
  runAsGroup: inner(12, int64Value),
  runAsUsername: text(6),
  readonlyRootfs: bool(7),
  supplementalGroups: list(int64(8)),
  noNewPrivs: bool(11),
  maskedPaths: list(text(13)),
  readonlyPaths: list(text(14)),
  seccomp: inner(15, securityProfile),
})
const linuxContainerConfig = message({
  resources: inner(1, linuxContainerResources),
  securityContext: inner(2, linuxContainerSecurityContext),
})
export const containerConfig = message({
  metadata: inner(1, containerMetadata),
  image: inner(2, imageSpec),
  command: list(text(3)),
  args: list(text(4)),
  workingDir: text(5),
  envs: list(inner(6, keyValue)),
  mounts: list(inner(7, mount)),
  devices: list(inner(8, device)),
  labels: textMap(9),
  annotations: textMap(10),
  logPath: text(11),
  stdin: bool(12),
  stdinOnce: bool(13),
  tty: bool(14),
  linux: inner(15, linuxContainerConfig),
})
export const createContainerRequest = message({
  podSandboxId: text(1),
  config: inner(2, containerConfig),
  sandboxConfig: inner(3, podSandboxConfig),
})
export const createContainerResponse = message({ containerId: text(1) })
export const startContainerRequest = message({ containerId: text(1) })
export const startContainerResponse = message({})
export const stopContainerRequest = message({ containerId: text(1), timeout: int64(2) })
export const stopContainerResponse = message({})
export const removeContainerRequest = message({ containerId: text(1) })
export const removeContainerResponse = message({})
const containerStateValue = message({ state: int32(1) })
const containerFilter = message({
  id: text(1),
  state: inner(2, containerStateValue),
  podSandboxId: text(3),
  labelSelector: textMap(4),
})
export const listContainersRequest = message({ filter: inner(1, containerFilter) })
export const container = message({
  id: text(1),
  podSandboxId: text(2),
  metadata: inner(3, containerMetadata),
  image: inner(4, imageSpec),
  imageRef: text(5),
  state: int32(6),
  createdAt: int64(7),
  labels: textMap(8),
  annotations: textMap(9),
  imageId: text(10),
})
export const listContainersResponse = message({ containers: list(inner(1, container)) })
export const containerStatusRequest = message({ containerId: text(1), verbose: bool(2) })
const containerResources = message({ linux: inner(1, linuxContainerResources) })
export const containerStatus = message({
  id: text(1),
  metadata: inner(2, containerMetadata),
  state: int32(3),
  createdAt: int64(4),
  startedAt: int64(5),
  finishedAt: int64(6),
  exitCode: int32(7),
  image: inner(8, imageSpec),
  imageRef: text(9),
  reason: text(10),
  message: text(11),
  labels: textMap(12),
  annotations: textMap(13),
  mounts: list(inner(14, mount)),
  logPath: text(15),
  resources: inner(16, containerResources),
  imageId: text(17),
})
export const containerStatusResponse = message({ status: inner(1, containerStatus) })
export const updateContainerResourcesRequest = message({
  containerId: text(1),
  linux: inner(2, linuxContainerResources),
  annotations: textMap(4),
})
export const updateContainerResourcesResponse = message({})
export const reopenContainerLogRequest = message({ containerId: text(1) })
export const reopenContainerLogResponse = message({})
export const execSyncRequest = message({ containerId: text(1), cmd: list(text(2)), timeout: int64(3) })
export const execSyncResponse = message({ stdout: bytes(1), stderr: bytes(2), exitCode: int32(3) })
export const execRequest = message({
  containerId: text(1),
  cmd: list(text(2)),
  tty: bool(3),
  stdin: bool(4),
  stdout: bool(5),
  stderr: bool(6),
})
export const execResponse = message({ url: text(1) })
export const attachRequest = message({ containerId: text(1), stdin: bool(2), tty: bool(3), stdout: bool(4), stderr: bool(5) })
export const attachResponse = message({ url: text(1) })
export const portForwardRequest = message({ podSandboxId: text(1), port: list(int32(2)) })
export const portForwardResponse = message({ url: text(1) })
export const statusRequest = message({ verbose: bool(1) })
const runtimeCondition = message({ type: text(1), status: bool(2), reason: text(3), message: text(4) })
const runtimeStatus = message({ conditions: list(inner(1, runtimeCondition)) })
export const statusResponse = message({ status: inner(1, runtimeStatus) })
const imageFilter = message({ image: inner(1, imageSpec) })
export const listImagesRequest = message({ filter: inner(1, imageFilter) })
export const image = message({
  id: text(1),
  repoTags: list(text(2)),
  repoDigests: list(text(3)),
  size: int64(4),
  uid: inner(5, int64Value),
  username: text(6),
})
export const listImagesResponse = message({ images: list(inner(1, image)) })
export const imageStatusRequest = message({ image: inner(1, imageSpec), verbose: bool(2) })
export const imageStatusResponse = message({ image: inner(1, image) })
const authConfig = message({ username: text(1), password: text(2) })
export const pullImageRequest = message({
  image: inner(1, imageSpec),
  auth: inner(2, authConfig),
  sandboxConfig: inner(3, podSandboxConfig),
})
export const pullImageResponse = message({ imageRef: text(1) })
export const removeImageRequest = message({ image: inner(1, imageSpec) })
export const removeImageResponse = message({})
export const imageFsInfoRequest = message({})
const filesystemIdentifier = message({ mountpoint: text(1) })
const uint64Value = message({ value: int64(1) })
const filesystemUsage = message({
  fsId: inner(2, filesystemIdentifier),
  usedBytes: inner(3, uint64Value),
  inodesUsed: inner(4, uint64Value),
})
export const imageFsInfoResponse = message({
  imageFilesystems: list(inner(1, filesystemUsage)),
  containerFilesystems: list(inner(2, filesystemUsage)),
})

export type Container = OutputOf<typeof container>
export type ContainerStatus = OutputOf<typeof containerStatus>
export type Image = OutputOf<typeof image>
export type PodSandbox = OutputOf<typeof podSandbox>
export type PodSandboxStatus = OutputOf<typeof podSandboxStatus>
