import type { Prober } from '../../node/prober.ts'
import { probeGrpc } from './grpc-probe.ts'
import { probeHttp } from './http-probe.ts'
import { probeTcp } from './tcp-probe.ts'

/** Probes over the machine's network. Each call opens a connection of its own and leaves none behind. */
export function createHostProber(): Prober {
  return {
    probe(target, timeoutMs, signal) {
      switch (target.type) {
        case 'http':
          return probeHttp(target, timeoutMs, signal)
        case 'tcp':
          return probeTcp(target, timeoutMs, signal)
        case 'grpc':
          return probeGrpc(target, timeoutMs, signal)
      }
    },
  }
}
