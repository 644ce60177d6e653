import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import * as cri from './generated/cri_pb.ts'
import { EnvelopeSchema, SubscribeRequestSchema } from './generated/events_pb.ts'
import type { Envelope } from './generated/events_pb.ts'
import { openGrpcClient } from './grpc-client.ts'
import type { CallOptions, GrpcMethod, StreamListener } from './grpc-client.ts'

type Call<I extends DescMessage, O extends DescMessage> = (
  input: MessageInitShape<I>, options?: Partial<CallOptions>,
) => Promise<MessageShape<O>>

/** Calls that wait for processes (start, stop, pull) say their own time; this is for the others. */
const CALL_TIMEOUT_MS = 120_000

/** The calls of CRI v1 and containerd's event stream, typed. */
export type CriClient = ReturnType<typeof openCriClient>

export function openCriClient(socketPath: string) {
  const grpc = openGrpcClient(socketPath)
  const bind = <I extends DescMessage, O extends DescMessage>(service: string, name: string, input: I, output: O): Call<I, O> => {
    const method: GrpcMethod<I, O> = { path: `/runtime.v1.${service}/${name}`, input, output }
    return (value, options) => grpc.call(method, value, { timeoutMs: options?.timeoutMs ?? CALL_TIMEOUT_MS, signal: options?.signal })
  }
  const runtime = <I extends DescMessage, O extends DescMessage>(name: string, input: I, output: O): Call<I, O> =>
    bind('RuntimeService', name, input, output)
  const image = <I extends DescMessage, O extends DescMessage>(name: string, input: I, output: O): Call<I, O> =>
    bind('ImageService', name, input, output)
  return {
    version: runtime('Version', cri.VersionRequestSchema, cri.VersionResponseSchema),
    status: runtime('Status', cri.StatusRequestSchema, cri.StatusResponseSchema),
    runPodSandbox: runtime('RunPodSandbox', cri.RunPodSandboxRequestSchema, cri.RunPodSandboxResponseSchema),
    stopPodSandbox: runtime('StopPodSandbox', cri.StopPodSandboxRequestSchema, cri.StopPodSandboxResponseSchema),
    removePodSandbox: runtime('RemovePodSandbox', cri.RemovePodSandboxRequestSchema, cri.RemovePodSandboxResponseSchema),
    podSandboxStatus: runtime('PodSandboxStatus', cri.PodSandboxStatusRequestSchema, cri.PodSandboxStatusResponseSchema),
    listPodSandbox: runtime('ListPodSandbox', cri.ListPodSandboxRequestSchema, cri.ListPodSandboxResponseSchema),
    createContainer: runtime('CreateContainer', cri.CreateContainerRequestSchema, cri.CreateContainerResponseSchema),
    startContainer: runtime('StartContainer', cri.StartContainerRequestSchema, cri.StartContainerResponseSchema),
    stopContainer: runtime('StopContainer', cri.StopContainerRequestSchema, cri.StopContainerResponseSchema),
    removeContainer: runtime('RemoveContainer', cri.RemoveContainerRequestSchema, cri.RemoveContainerResponseSchema),
    listContainers: runtime('ListContainers', cri.ListContainersRequestSchema, cri.ListContainersResponseSchema),
    containerStatus: runtime('ContainerStatus', cri.ContainerStatusRequestSchema, cri.ContainerStatusResponseSchema),
    updateContainerResources: runtime(
      'UpdateContainerResources', cri.UpdateContainerResourcesRequestSchema, cri.UpdateContainerResourcesResponseSchema),
    reopenContainerLog: runtime('ReopenContainerLog', cri.ReopenContainerLogRequestSchema, cri.ReopenContainerLogResponseSchema),
    execSync: runtime('ExecSync', cri.ExecSyncRequestSchema, cri.ExecSyncResponseSchema),
    exec: runtime('Exec', cri.ExecRequestSchema, cri.ExecResponseSchema),
    attach: runtime('Attach', cri.AttachRequestSchema, cri.AttachResponseSchema),
    portForward: runtime('PortForward', cri.PortForwardRequestSchema, cri.PortForwardResponseSchema),
    listImages: image('ListImages', cri.ListImagesRequestSchema, cri.ListImagesResponseSchema),
    imageStatus: image('ImageStatus', cri.ImageStatusRequestSchema, cri.ImageStatusResponseSchema),
    pullImage: image('PullImage', cri.PullImageRequestSchema, cri.PullImageResponseSchema),
    removeImage: image('RemoveImage', cri.RemoveImageRequestSchema, cri.RemoveImageResponseSchema),
    imageFsInfo: image('ImageFsInfo', cri.ImageFsInfoRequestSchema, cri.ImageFsInfoResponseSchema),
    /** containerd's own events, of which CRI 1.6 has none. Runs until the stream or the signal ends. */
    subscribe(filters: string[], listener: StreamListener<Envelope>, signal: AbortSignal): Promise<void> {
      const path = '/containerd.services.events.v1.Events/Subscribe'
      return grpc.stream({ path, input: SubscribeRequestSchema, output: EnvelopeSchema }, { filters }, listener, signal)
    },
    close: () => grpc.close(),
  }
}
