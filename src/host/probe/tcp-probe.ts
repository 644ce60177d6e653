import { connect } from 'node:net'
import type { ProbeAnswer, ProbeTarget } from '../../node/prober.ts'
import { dialError } from './dial-error.ts'

/** A port that accepts a connection is well. */
export function probeTcp({ host, port }: ProbeTarget & { type: 'tcp' }, timeoutMs: number, signal: AbortSignal): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal })
    const end = (answer: ProbeAnswer): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end({ outcome: 'failure', output: `dial tcp ${host}:${port}: i/o timeout` }), timeoutMs)
    socket.once('connect', () => end({ outcome: 'success', output: '' }))
    socket.on('error', (error) => end({ outcome: signal.aborted ? 'unknown' : 'failure', output: dialError(host, port, error) }))
  })
}
