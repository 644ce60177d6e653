import type { ExecOutcome } from '../../node/runtime.ts'
import type { CriClient } from './cri-client.ts'
import { GrpcFailure, grpcStatus } from './grpc-failure.ts'

const OUTPUT_LIMIT_BYTES = 16 * 1024

export interface ExecRequest {
  readonly containerId: string
  readonly command: readonly string[]
  readonly timeoutMs: number
}

/** Runs a command to its end. The runtime kills it after the timeout, which it counts in whole seconds. */
export async function execInContainer(client: CriClient, request: ExecRequest, signal: AbortSignal): Promise<ExecOutcome> {
  const { containerId, command, timeoutMs } = request
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000))
  try {
    const asked = { containerId, cmd: [...command], timeout: BigInt(seconds) }
    const answer = await client.execSync(asked, { timeoutMs: seconds * 1000 + 2000, signal })
    return { outcome: 'exited', exitCode: answer.exitCode, output: outputText(answer.stdout, answer.stderr) }
  } catch (error) {
    if (signal.aborted || !(error instanceof GrpcFailure)) throw error
    return error.code === grpcStatus.deadlineExceeded ? { outcome: 'timed-out' } : { outcome: 'failed', message: error.message }
  }
}

function outputText(stdout: Uint8Array, stderr: Uint8Array): string {
  return Buffer.concat([stdout, stderr]).subarray(0, OUTPUT_LIMIT_BYTES).toString('utf8')
}
