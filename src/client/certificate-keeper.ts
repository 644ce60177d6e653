import { formatTime, type Instant } from '../words/instant.ts'
import { sleep, type Clock, type Log, type Random } from '../words/ports.ts'
import { renewalTime, type Validity } from '../words/renewal.ts'
import { thrownMessage } from '../words/thrown.ts'

/** A certificate that this process sees to, wherever it lies. */
export interface KeptCertificate {
  /** For the log: a file, mostly. */
  readonly file: string
  /** Of the one that is there now. Throws where it cannot be read. */
  validity(): Validity
  /** Puts a new one in its place, whatever is there. */
  renew(signal: AbortSignal): void | Promise<void>
  /** When it is renewed, of its validity and by lot; absent: in the last third of its life. */
  readonly plan?: (validity: Validity, random: Random) => Instant
  /** For the log: what is to be done where it has ended and cannot be renewed. */
  readonly remedy: string
}

export interface KeeperPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Timers stand still while the machine sleeps, and files may be replaced by others: it is looked again after that. */
const LOOK_EVERY_MS = 60_000
/** Whoever puts another one there is done with it by then. */
const UNREADABLE_MS = 3_600_000
const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 300_000

/** Renews a certificate in time, for as long as the signal lets it. Never rejects. Who uses the certificate follows its file. */
export async function keepRenewed(certificate: KeptCertificate, ports: KeeperPorts, signal: AbortSignal): Promise<void> {
  const { clock } = ports
  const keeper = new Keeper(certificate, ports)
  while (!signal.aborted) {
    await sleep(clock, Math.max(0, Math.min(LOOK_EVERY_MS, keeper.dueAt() - clock.now())), signal)
    if (!signal.aborted && keeper.dueAt() <= clock.now()) await keeper.renew(signal)
  }
}

class Keeper {
  readonly #certificate: KeptCertificate
  readonly #ports: KeeperPorts
  #validity: Validity | undefined
  #plannedAt: Instant = Infinity
  #retryAt: Instant = -Infinity
  #failures = 0
  #unreadableSince: Instant | undefined

  constructor(certificate: KeptCertificate, ports: KeeperPorts) {
    this.#certificate = certificate
    this.#ports = ports
  }

  /** Of what cannot be read (it may be on its way) the time stands that was planned when it last could, for an hour. */
  dueAt(): Instant {
    const { plan = renewalTime } = this.#certificate
    const validity = this.#read()
    if (validity === undefined) {
      this.#unreadableSince ??= this.#ports.clock.now()
      return Math.max(Math.min(this.#plannedAt, this.#unreadableSince + UNREADABLE_MS), this.#retryAt)
    }
    this.#unreadableSince = undefined
    if (validity.from !== this.#validity?.from || validity.until !== this.#validity.until) {
      this.#validity = validity
      this.#plannedAt = plan(validity, this.#ports.random)
      // Somebody else has put another one there.
      if (this.#failures > 0) this.#retryAt = -Infinity
      this.#failures = 0
    }
    return Math.max(this.#plannedAt, this.#retryAt)
  }

  async renew(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports
    const { file, remedy } = this.#certificate
    try {
      await this.#certificate.renew(signal)
      this.#failures = 0
      this.#retryAt = clock.now() + FIRST_RETRY_MS
      log.info('a certificate was renewed', { file, until: formatTime(this.#read()?.until ?? clock.now()) })
    } catch (error) {
      if (signal.aborted) return
      this.#failures += 1
      this.#retryAt = clock.now() + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 16))
      const until = this.#validity?.until ?? clock.now()
      const facts = { file, until: formatTime(until), error: thrownMessage(error) }
      if (until <= clock.now()) log.error('a certificate has ended and cannot be renewed', { ...facts, remedy })
      else log.warn('a certificate cannot be renewed yet', facts)
    }
  }

  #read(): Validity | undefined {
    try {
      return this.#certificate.validity()
    } catch {
      // Whoever uses it says what is wrong with it.
      return undefined
    }
  }
}
