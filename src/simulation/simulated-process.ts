import type { Clock } from '../words/ports.ts'

/**
 * The life of a process. All that a part has of the world comes through its process: when it is killed, its timers never fire and the
 * answers to its calls never arrive, so that its code stops where it is, without any clean-up, as after SIGKILL.
 */
export class SimulatedProcess {
  readonly clock: Clock
  readonly name: string
  readonly #death = new AbortController()

  /** end: the whole simulation is over. Only then may what a dead process left be cleaned away. */
  readonly end: AbortSignal

  constructor(name: string, clock: Clock, end: AbortSignal) {
    this.name = name
    this.end = end
    this.clock = {
      now: () => clock.now(),
      after: (delayMs, callback) => (this.isAlive ? clock.after(delayMs, () => this.isAlive && callback()) : () => {}),
    }
  }

  get isAlive(): boolean {
    return !this.#death.signal.aborted
  }

  /** For what the outside does when the process dies: the kernel closes its connections. */
  get death(): AbortSignal {
    return this.#death.signal
  }

  kill(): void {
    this.#death.abort()
  }

  /** The outcome, as long as there is somebody to take it. */
  guard<T>(outcome: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      outcome.then(
        (value) => this.isAlive && resolve(value),
        (error: unknown) => this.isAlive && reject(error),
      )
    })
  }
}
