import type { ProbeAnswer, ProbeTarget, Prober } from '../node/prober.ts'
import type { Clock } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'

/** Answers probes from data. */
export class FakeProber implements Prober {
  readonly #clock: Clock
  readonly #answer: (target: ProbeTarget) => ProbeAnswer & { readonly afterMs?: number }

  constructor(clock: Clock, answer: (target: ProbeTarget) => ProbeAnswer & { readonly afterMs?: number }) {
    this.#clock = clock
    this.#answer = answer
  }

  async probe(target: ProbeTarget, timeoutMs: number, signal: AbortSignal): Promise<ProbeAnswer> {
    const { outcome, output, afterMs = 0 } = this.#answer(target)
    await sleep(this.#clock, Math.min(afterMs, timeoutMs), signal)
    return afterMs > timeoutMs ? { outcome: 'failure', output: 'the probe timed out' } : { outcome, output }
  }
}
