import * as cri from './cri-messages.ts'
import { envelope, subscribeRequest } from './event-messages.ts'
import type { Envelope } from './event-messages.ts'
import { openGrpcClient } from './grpc-client.ts'
import type { CallOptions, GrpcMethod, StreamListener } from './grpc-client.ts'
import type { InputOf, MessageType, OutputOf } from './protobuf.ts'

type Call<I extends MessageType, O extends MessageType> = (
  input: InputOf<I>, options?: Partial<CallOptions>,
) => Promise<OutputOf<O>>

/** Calls that wait for processes (start, stop, pull) say their own time; this is for the others. */
const CALL_TIMEOUT_MS = 120_000

/** The calls of CRI v1 and containerd's event stream, typed. */
export type CriClient = ReturnType<typeof openCriClient>

/** Connects with the first call, and again after the connection broke. */
export function openCriClient(socketPath: string) {
  const grpc = openGrpcClient(socketPath)
  const bind = <I extends MessageType, O extends MessageType>(service: string, name: string, input: I, output: O): Call<I, O> => {
    const method: GrpcMethod<I, O> = { path: `/runtime.v1.${service}/${name}`, input, output }
    return (value, options) => grpc.call(method, value, { timeoutMs: options?.timeoutMs ?? CALL_TIMEOUT_MS, signal: options?.signal })
  }
  const runtime = <I extends MessageType, O extends MessageType>(name: string, input: I, output: O): Call<I, O> =>
    bind('RuntimeService', name, input, output)
  const image = <I extends MessageType, O extends MessageType>(name: string, input: I, output: O): Call<I, O> =>
    bind('ImageService', name, input, output)
  return {
    version: runtime('Version', cri.versionRequest, cri.versionResponse),
    status: runtime('Status', cri.statusRequest, cri.statusResponse),
    runPodSandbox: runtime('RunPodSandbox', cri.runPodSandboxRequest, cri.runPodSandboxResponse),
    stopPodSandbox: runtime('StopPodSandbox', cri.stopPodSandboxRequest, cri.stopPodSandboxResponse),
    removePodSandbox: runtime('RemovePodSandbox', cri.removePodSandboxRequest, cri.removePodSandboxResponse),
    podSandboxStatus: runtime('PodSandboxStatus', cri.podSandboxStatusRequest, cri.podSandboxStatusResponse),
    listPodSandbox: runtime('ListPodSandbox', cri.listPodSandboxRequest, cri.listPodSandboxResponse),
    createContainer: runtime('CreateContainer', cri.createContainerRequest, cri.createContainerResponse),
    startContainer: runtime('StartContainer', cri.startContainerRequest, cri.startContainerResponse),
    stopContainer: runtime('StopContainer', cri.stopContainerRequest, cri.stopContainerResponse),
    removeContainer: runtime('RemoveContainer', cri.removeContainerRequest, cri.removeContainerResponse),
    listContainers: runtime('ListContainers', cri.listContainersRequest, cri.listContainersResponse),
    containerStatus: runtime('ContainerStatus', cri.containerStatusRequest, cri.containerStatusResponse),
    updateContainerResources: runtime(
      'UpdateContainerResources', cri.updateContainerResourcesRequest, cri.updateContainerResourcesResponse),
    reopenContainerLog: runtime('ReopenContainerLog', cri.reopenContainerLogRequest, cri.reopenContainerLogResponse),
    execSync: runtime('ExecSync', cri.execSyncRequest, cri.execSyncResponse),
    exec: runtime('Exec', cri.execRequest, cri.execResponse),
    attach: runtime('Attach', cri.attachRequest, cri.attachResponse),
    portForward: runtime('PortForward', cri.portForwardRequest, cri.portForwardResponse),
    listImages: image('ListImages', cri.listImagesRequest, cri.listImagesResponse),
    imageStatus: image('ImageStatus', cri.imageStatusRequest, cri.imageStatusResponse),
    pullImage: image('PullImage', cri.pullImageRequest, cri.pullImageResponse),
    removeImage: image('RemoveImage', cri.removeImageRequest, cri.removeImageResponse),
    imageFsInfo: image('ImageFsInfo', cri.imageFsInfoRequest, cri.imageFsInfoResponse),
    /** containerd's own events, of which CRI 1.6 has none. Runs until the stream or the signal ends. */
    subscribe(filters: string[], listener: StreamListener<Envelope>, signal: AbortSignal): Promise<void> {
      const path = '/containerd.services.events.v1.Events/Subscribe'
      return grpc.stream({ path, input: subscribeRequest, output: envelope }, { filters }, listener, signal)
    },
    close: () => grpc.close(),
  }
}
