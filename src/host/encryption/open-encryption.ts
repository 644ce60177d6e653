import { readFileSync } from 'node:fs'
import type { HealthCheck } from '../../apiserver/discovery/health.ts'
import { watchConfig } from '../../apiserver/access/config/config-watch.ts'
import { counter, gauge, type MetricFamily } from '../../apiserver/metrics/metric-family.ts'
import { ReloadCounts } from '../../apiserver/metrics/reload-counts.ts'
import { rangeAfter } from '../../store/key-range.ts'
import { ResealProgress, runResealer } from '../../store/resealer.ts'
import { sealStore, type ValueSealer } from '../../store/sealed-store.ts'
import type { KeyRange, Store } from '../../store/store.ts'
import type { Clock, Log, Random } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { ProviderSet, type ProviderParts } from './provider-set.ts'
import { requirePlain } from './value-sealer.ts'

export interface EncryptionParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** By what metrics tell this server from others: sha256:... */
  readonly serverIdHash: string
  /** How long a start waits for a KMS plugin; 20 s. */
  readonly patienceMs?: number
}

export interface Encryption {
  /** The store whose values are plain; inner is the engine. */
  readonly store: Store
  readonly progress: ResealProgress
  /** Of the KMS plugins of the configuration in force. */
  healthChecks(): readonly HealthCheck[]
  metrics(): readonly MetricFamily[]
  /** Polls KMS plugins, follows the file, and seals anew what other keys have sealed, until the signal aborts. */
  run(signal: AbortSignal): void
  close(): void
}

/** Metrics that lotse status reads, too. */
export const VALUES_TO_RESEAL = 'lotse_encryption_values_to_reseal'
export const VALUES_RESEALED = 'lotse_encryption_values_resealed_total'
const PATIENCE_MS = 20_000
/** The next look at the file tries again. */
const RELOAD_PATIENCE_MS = 2_000
const CLOSE_AFTER_MS = 10_000
const PAGE = 500
const SAMPLE = Buffer.from('{}')
/** More keys than a KMS has while one configuration is in force. */
const EPOCHS_PER_CHANGE = 1_000_000

/** Without a configuration: a value that is sealed all the same is an error that says what is missing, not a puzzle. */
export function plainStore(inner: Store): Store {
  return {
    async read(range, options) {
      const result = await inner.read(range, options)
      if (result.outcome === 'page') for (const { key, value } of result.page.entries) requirePlain(key, value)
      return result
    },
    commit: (transaction) => inner.commit(transaction),
    watch: (range, after, signal) => inner.watch(range, after, signal),
    compact: (before) => inner.compact(before),
    latest: () => inner.latest(),
    close: () => inner.close(),
  }
}

/** Reads the configuration and asks its KMS plugins, so that a mistake ends the start and not the first write. */
export async function openEncryption(file: string, inner: Store, parts: EncryptionParts): Promise<Encryption> {
  const content = contentOf(file)
  const first = await openSet(file, content, { ...parts, patienceMs: parts.patienceMs ?? PATIENCE_MS })
  return new FollowedEncryption({ file, content: content.toString('latin1'), inner, ...parts }, first)
}

async function openSet(file: string, content: Uint8Array, parts: ProviderParts): Promise<ProviderSet> {
  const set = new ProviderSet(file, content, parts)
  try {
    await set.untilWell()
    return set
  } catch (error) {
    set.close()
    throw error
  }
}

interface FollowedParts extends EncryptionParts {
  readonly file: string
  /** What the first set was read from. */
  readonly content: string
  readonly inner: Store
}

/** The configuration in force. A changed file takes its place while the server runs, but only one that opens all that is stored. */
class FollowedEncryption implements Encryption {
  readonly store: Store
  readonly progress = new ResealProgress()
  readonly #parts: FollowedParts
  readonly #sealer: ValueSealer
  readonly #counts: ReloadCounts
  #set: ProviderSet
  /** How many configurations have been in force before this one. */
  #changes = 0
  #isRunning = false

  constructor(parts: FollowedParts, first: ProviderSet) {
    this.#parts = parts
    this.#set = first
    this.#sealer = {
      seal: (key, plain) => this.#set.sealer.seal(key, plain),
      opening: (key, stored) => this.#set.sealer.opening(key, stored),
      isCurrent: (key, stored) => this.#set.sealer.isCurrent(key, stored),
    }
    this.store = sealStore(parts.inner, this.#sealer)
    this.#counts = new ReloadCounts('encryption', parts.serverIdHash)
  }

  /** One for each plugin, and before them one for all, which is there even where there are none: upstream's name where the file is followed. */
  healthChecks(): readonly HealthCheck[] {
    const each = this.#set.kms.map((provider, index): HealthCheck => ({
      name: `kms-provider-${index}`, concerns: 'ready', check: () => provider.problem,
    }))
    const all = (): string | undefined => {
      const problems = each.flatMap(({ name, check }) => {
        const problem = check()
        return problem === undefined ? [] : [`${name}: ${problem}`]
      })
      return problems.length === 0 ? undefined : problems.join(', ')
    }
    return [{ name: 'kms-providers', concerns: 'ready', check: all }, ...each]
  }

  metrics(): readonly MetricFamily[] {
    const { rewritten, remaining } = this.progress
    return [
      ...this.#counts.families(),
      gauge(VALUES_TO_RESEAL, 'Stored values that another key than the first has sealed; -1: not counted yet.', [[{}, remaining ?? -1]]),
      counter(VALUES_RESEALED, 'Values that were written again because of a changed key.', [[{}, rewritten]]),
    ]
  }

  run(signal: AbortSignal): void {
    const { file, content, inner, clock, log } = this.#parts
    this.#isRunning = true
    this.#set.run()
    const look = (): string => contentOf(file).toString('latin1')
    const watched = { what: 'encryption configuration', file, inForce: content, look, use: () => this.#reload(), counts: this.#counts }
    void watchConfig(watched, { clock, log }, signal)
    const ranges = (): readonly KeyRange[] => this.#set.ranges
    const epoch = (): number => this.#changes * EPOCHS_PER_CHANGE + this.#set.epoch
    void runResealer({ inner, store: this.store, sealer: this.#sealer, ranges, epoch, progress: this.progress, clock, log }, signal)
  }

  close(): void {
    this.#isRunning = false
    this.#set.close()
  }

  async #reload(): Promise<string> {
    const { file, inner, clock } = this.#parts
    const content = contentOf(file)
    const next = await openSet(file, content, { ...this.#parts, patienceMs: RELOAD_PATIENCE_MS })
    const previous = this.#set
    try {
      await requireOpening(inner, next.sealer, [...previous.ranges, ...next.ranges])
      // What is written until the very moment of the change must open as well.
      for (const key of [...previous.samples, ...next.samples]) await requireSample(previous.sealer, next.sealer, key)
    } catch (error) {
      next.close()
      throw error
    }
    this.#set = next
    this.#changes++
    this.progress.remaining = undefined
    if (this.#isRunning) next.run()
    // Reads that have begun may still ask it.
    clock.after(CLOSE_AFTER_MS, () => previous.close())
    return content.toString('latin1')
  }
}

async function requireSample(previous: ValueSealer, next: ValueSealer, key: string): Promise<void> {
  let sealed: Uint8Array
  try {
    sealed = previous.seal(key, SAMPLE)
  } catch {
    // A KMS that cannot be reached: nothing can be written now, and it may be what is to be replaced.
    return
  }
  try {
    (await next.opening(key, sealed))()
  } catch (error) {
    const remedy = 'keep the present first provider, below the new one'
    throw new Error(`it does not open what is being sealed now: ${remedy}. ${thrownMessage(error)}`, { cause: error })
  }
}

/** Throws the sentence that names the first value that could not be opened any more. */
async function requireOpening(inner: Store, sealer: ValueSealer, ranges: readonly KeyRange[]): Promise<void> {
  for (const whole of ranges) {
    let range = whole
    for (let more = true; more; ) {
      const result = await inner.read(range, { at: 'latest', limit: PAGE })
      if (result.outcome !== 'page') return
      for (const { key, value } of result.page.entries) (await sealer.opening(key, value))()
      const last = result.page.entries.at(-1)
      more = result.page.more && last !== undefined
      if (last !== undefined) range = rangeAfter(range, last.key)
    }
  }
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Error(
      `error opening encryption provider configuration file ${JSON.stringify(file)}: ${thrownMessage(error)}`, { cause: error }
    )
  }
}
