import type { ConformanceRole, RuntimeBed } from '../node/runtime.conformance.testing.ts'
import { runtimeConformance } from '../node/runtime.conformance.testing.ts'
import type { ExecOutcome } from '../node/runtime.ts'
import type { FakeBehaviour } from './fake-runtime.ts'
import { FakeRuntime } from './fake-runtime.ts'
import { VirtualClock } from './virtual-clock.ts'

function exec(command: readonly string[]): ExecOutcome | { afterMs: number; outcome: ExecOutcome } {
  const done = (exitCode: number, output: string): ExecOutcome => ({ outcome: 'exited', exitCode, output })
  if (command[0] === 'minute') return { afterMs: 60_000, outcome: done(0, '') }
  return command[0] === 'hello' ? done(0, 'hello') : done(5, '')
}

const behaviours: Readonly<Record<ConformanceRole, FakeBehaviour>> = {
  sleeper: { exec },
  stubborn: { stopMs: Number.POSITIVE_INFINITY },
  failer: { endsAfterMs: 10, exitCode: 3 },
  finisher: { endsAfterMs: 10, exitCode: 0 },
}

runtimeConformance('fake', async (): Promise<RuntimeBed> => {
  const clock = new VirtualClock()
  const roles: Readonly<Record<string, FakeBehaviour>> = behaviours
  const runtime = new FakeRuntime({ clock, images: { there: { present: true } }, behaviour: ({ container }) => roles[container] ?? {} })
  return {
    runtime, image: 'there', missingImage: 'missing',
    sandbox: (base) => base,
    container: (base) => base,
    exec: { hello: ['hello'], five: ['five'], minute: ['minute'] },
    pass: (durationMs) => clock.advance(durationMs),
    close: async () => undefined,
  }
})
