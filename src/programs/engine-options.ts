/**
 * What each process asks of the JavaScript engine.
 *
 * The agent waits nearly always: a small nursery costs it nothing and saves a tenth of its memory. The server's throughput needs a
 * large one; little in it survives, so that helper threads cost more to wake than they copy: without them a write takes a tenth less.
 * What its start leaves behind is collected at once (host/startup-garbage.ts).
 */
export const ENGINE_OPTIONS: Readonly<Record<'server' | 'node', readonly string[]>> = {
  server: ['--no-parallel-scavenge', '--expose-gc'],
  node: ['--max-semi-space-size=1', '--expose-gc'],
}
