/** Asks a pod from outside; host/probe/ implements it. Exec probes go through NodeRuntime.exec. */
export interface Prober {
  probe(target: ProbeTarget, timeoutMs: number, signal: AbortSignal): Promise<ProbeAnswer>
}

export type ProbeTarget =
  | HttpProbeTarget
  | { readonly type: 'tcp'; readonly host: string; readonly port: number }
  | { readonly type: 'grpc'; readonly host: string; readonly port: number; readonly service: string }

export interface HttpProbeTarget {
  readonly type: 'http'
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly path: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

export interface ProbeAnswer {
  /** unknown: the probe itself could not be made; it counts neither way. */
  readonly outcome: 'success' | 'failure' | 'unknown'
  /** What a user reads in the Unhealthy event. */
  readonly output: string
}
