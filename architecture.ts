/**
 * The rooms of src/ and what each may import. A room may also import what those import, and itself.
 * test/tidy/architecture.test.ts walks every import against this table; docs/ARCHITECTURE.md tells the story.
 */
export interface Room {
  readonly imports: readonly string[]
  /** Compiles without Node's types: no effect is possible but through a port. */
  readonly pure: boolean
}

export const rooms: Readonly<Record<string, Room>> = {
  words: { imports: [], pure: true },
  objects: { imports: ['words'], pure: true },
  resources: { imports: ['objects'], pure: true },
  store: { imports: ['words'], pure: true },
  client: { imports: ['resources'], pure: true },
  policy: { imports: ['resources'], pure: true },
  apiserver: { imports: ['resources', 'store', 'policy', 'client'], pure: true },
  scheduler: { imports: ['resources', 'reconcile'], pure: true },
  reconcile: { imports: ['client'], pure: true },
  controllers: { imports: ['resources', 'reconcile', 'policy'], pure: true },
  node: { imports: ['client'], pure: true },
  network: { imports: ['client'], pure: true },
  cli: { imports: ['client'], pure: false },
  host: { imports: ['apiserver', 'node', 'network', 'store', 'client'], pure: false },
  simulation: { imports: ['apiserver', 'scheduler', 'controllers', 'node', 'network'], pure: true },
  programs: { imports: ['host', 'cli', 'apiserver', 'scheduler', 'controllers', 'node', 'network'], pure: false },
}

/** The only rooms that may import node:*, gRPC, LMDB, and other packages with effects. */
export const effectRooms: readonly string[] = ['host', 'programs', 'cli']
