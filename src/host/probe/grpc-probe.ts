import { Client, credentials, status } from '@grpc/grpc-js'
import type { ServiceError } from '@grpc/grpc-js'
import type { ProbeAnswer, ProbeTarget } from '../../node/prober.ts'

const STATES: readonly string[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const SERVING = 1
const OPTIONS = { 'grpc.primary_user_agent': 'kube-probe/1.32', 'grpc.use_local_subchannel_pool': 1 }
const NO_HEALTH = 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health)'

type GrpcTarget = ProbeTarget & { type: 'grpc' }

/** grpc.health.v1.Health/Check: SERVING is well. */
export function probeGrpc({ host, port, service }: GrpcTarget, timeoutMs: number, signal: AbortSignal): Promise<ProbeAnswer> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const client = new Client(address, credentials.createInsecure(), OPTIONS)
  return new Promise((resolve) => {
    const end = (answer: ProbeAnswer): void => {
      signal.removeEventListener('abort', cancel)
      client.close()
      resolve(answer)
    }
    const cancel = (): void => call.cancel()
    const call = client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check', encodeRequest, decodeState, service, { deadline: Date.now() + timeoutMs },
      (error, state) => end(error === null ? verdict(state ?? 0) : failure(error, address, timeoutMs)),
    )
    signal.addEventListener('abort', cancel, { once: true })
  })
}

function verdict(state: number): ProbeAnswer {
  if (state === SERVING) return { outcome: 'success', output: 'service healthy' }
  return { outcome: 'failure', output: `service unhealthy (responded with ${JSON.stringify(STATES[state] ?? 'UNKNOWN')})` }
}

function failure(error: ServiceError, address: string, timeoutMs: number): ProbeAnswer {
  switch (error.code) {
    case status.CANCELLED:
      return { outcome: 'unknown', output: 'the probe was called off' }
    case status.UNIMPLEMENTED:
      return { outcome: 'failure', output: `${NO_HEALTH}: ${error.details}` }
    case status.UNAVAILABLE:
      return { outcome: 'failure', output: `error: failed to connect service ${JSON.stringify(address)}: ${error.details}` }
    case status.DEADLINE_EXCEEDED:
      return { outcome: 'failure', output: `timeout: health rpc did not complete within ${timeoutMs / 1000}s` }
    default:
      return { outcome: 'failure', output: `error: health rpc probe failed: ${error.details}` }
  }
}

/** HealthCheckRequest { string service = 1 }; service names are short. */
function encodeRequest(service: string): Buffer {
  const text = Buffer.from(service)
  const length: number[] = []
  for (let rest = text.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest)
      break
    }
    length.push((rest & 0x7f) | 0x80)
  }
  return text.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...length]), text])
}

/** HealthCheckResponse { ServingStatus status = 1 }; absent is 0. */
function decodeState(bytes: Buffer): number {
  return bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0
}
