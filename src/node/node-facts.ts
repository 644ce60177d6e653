/** What the machine is; host/node-facts.ts reads it once at start. */
export interface NodeFacts {
  /** As the Node's hostname address and label. */
  readonly hostname: string
  /** Of the default route first; one of each address family at most. */
  readonly addresses: readonly string[]
  readonly cpuCount: number
  readonly memoryBytes: number
  readonly diskBytes: number
  /** amd64, arm64 */
  readonly architecture: string
  readonly kernelVersion: string
  readonly osImage: string
  readonly machineId: string
  readonly systemUuid: string
  readonly bootId: string
  /** As in the Node's status: what pods may use, by resource name. */
  readonly allocatable: Readonly<Record<string, string>>
  readonly capacity: Readonly<Record<string, string>>
}

/** What of the machine runs short, read whenever the Node's status is made. */
export interface NodePressure {
  readonly memory: boolean
  readonly disk: boolean
  readonly processes: boolean
}
