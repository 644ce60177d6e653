import type { ValueSealer } from '../../store/sealed-store.ts'
import type { KeyRange } from '../../store/store.ts'
import type { Clock, Log, Random } from '../../words/ports.ts'
import { sleep } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { aesCbc } from './aes-cbc.ts'
import { aesGcm } from './aes-gcm.ts'
import { parseEncryptionConfig, type ProviderConfig } from './encryption-config.ts'
import { KmsProvider } from './kms-provider.ts'
import { identity, type Provider } from './provider.ts'
import { secretbox } from './secretbox.ts'
import { createValueSealer, parsePattern, sealedRanges, type SealingRule } from './value-sealer.ts'

export interface ProviderParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** How long a KMS plugin that does not answer is waited for. */
  readonly patienceMs: number
}

const ASK_AGAIN_MS = 500

/** What one state of the configuration file says: how values are sealed, and with whose help. */
export class ProviderSet {
  readonly sealer: ValueSealer
  /** Where values may lie that it speaks of. */
  readonly ranges: readonly KeyRange[]
  /** A key of each kind of object that it speaks of, the wide patterns too. */
  readonly samples: readonly string[]
  readonly kms: readonly KmsProvider[]
  readonly #parts: ProviderParts
  readonly #end = new AbortController()

  /** Throws an Error that names the file and the field, and never repeats a key. */
  constructor(file: string, content: Uint8Array, parts: ProviderParts) {
    this.#parts = parts
    const config = parseEncryptionConfig(file, content)
    const kms: KmsProvider[] = []
    const open = (provider: ProviderConfig): readonly Provider[] => openProvider(provider, parts, kms)
    const rules = config.resources.map(({ resources, providers }): SealingRule => ({ resources, providers: providers.flatMap(open) }))
    this.sealer = createValueSealer(rules)
    this.ranges = sealedRanges(rules)
    this.samples = rules.flatMap(({ resources }) => resources.map(sampleOf))
    this.kms = kms
  }

  /** Grows with every new key of a KMS. */
  get epoch(): number {
    return this.kms.reduce((sum, { epoch }) => sum + epoch, 0)
  }

  /** Resolves when all KMS plugins have answered; rejects where one does not. */
  async untilWell(): Promise<void> {
    await Promise.all(this.kms.map((provider) => untilWell(provider, this.#parts)))
  }

  /** Asks the plugins for their health until it is closed. */
  run(): void {
    for (const provider of this.kms) void provider.run(this.#end.signal)
  }

  close(): void {
    this.#end.abort()
    for (const provider of this.kms) provider.close()
  }
}

/** *.apps is objects/apps/any/sample. */
function sampleOf(pattern: string): string {
  const { resource, group } = parsePattern(pattern)
  const place = group === '' ? 'core' : group === '*' ? 'any.example' : group
  return `objects/${place}/${resource === '*' ? 'any' : resource}/sample`
}

function openProvider(provider: ProviderConfig, parts: ProviderParts, kms: KmsProvider[]): readonly Provider[] {
  switch (provider.type) {
    case 'identity': return [identity]
    case 'aesgcm': return provider.keys.map(({ name, secret }) => aesGcm(name, secret, parts.random))
    case 'aescbc': return provider.keys.map(({ name, secret }) => aesCbc(name, secret, parts.random))
    case 'secretbox': return provider.keys.map(({ name, secret }) => secretbox(name, secret, parts.random))
    case 'kms': {
      const opened = new KmsProvider(provider, parts)
      kms.push(opened)
      return [opened]
    }
  }
}

async function untilWell(provider: KmsProvider, { clock, patienceMs }: ProviderParts): Promise<void> {
  const deadline = clock.now() + patienceMs
  for (;;) {
    try {
      return await provider.poll()
    } catch (error) {
      if (clock.now() >= deadline) throw new Error(
        `${thrownMessage(error)}. Start the KMS plugin first, then the cluster`, { cause: error }
      )
      await sleep(clock, ASK_AGAIN_MS)
    }
  }
}
