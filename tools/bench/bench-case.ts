/** One line of the table, or several. */
export interface Measurement {
  readonly name: string
  readonly operations: number
  readonly elapsedMs: number
  /** Processor time of the part under measurement, not of its load; undefined where they share a process. */
  readonly cpuMs: number | undefined
  /** Each operation's latency, unsorted; empty where there is none to tell. */
  readonly latenciesMs: readonly number[]
  /** CPU of the same request where nothing but Node answers it: what no server on Node can do better. */
  readonly limitCpuUs?: number | undefined
  /** What people compare this with. */
  readonly scale: string
}

/** A thing to measure. It brings up what it needs below the directory, and takes it down. */
export interface BenchCase {
  readonly name: string
  run(directory: string): Promise<readonly Measurement[]>
}
