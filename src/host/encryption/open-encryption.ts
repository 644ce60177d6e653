import { readFileSync } from 'node:fs'
import type { HealthCheck } from '../../apiserver/discovery/health.ts'
import { runResealer } from '../../store/resealer.ts'
import { sealStore } from '../../store/sealed-store.ts'
import type { Store } from '../../store/store.ts'
import type { Clock, Log, Random } from '../../words/ports.ts'
import { sleep } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { aesCbc } from './aes-cbc.ts'
import { aesGcm } from './aes-gcm.ts'
import { parseEncryptionConfig, type ProviderConfig } from './encryption-config.ts'
import { KmsProvider, type KmsParts } from './kms-provider.ts'
import { identity, type Provider } from './provider.ts'
import { secretbox } from './secretbox.ts'
import { createValueSealer, requirePlain, sealedRanges, type SealingRule } from './value-sealer.ts'

export interface EncryptionParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** How long a start waits for a KMS plugin; 20 s. */
  readonly patienceMs?: number
}

export interface Encryption {
  /** The store whose values are plain; inner is the engine. */
  readonly store: Store
  readonly healthChecks: readonly HealthCheck[]
  /** Polls KMS plugins and seals anew what other keys have sealed, until the signal aborts. */
  run(signal: AbortSignal): void
  close(): void
}

const PATIENCE_MS = 20_000
const ASK_AGAIN_MS = 500

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
  const { rules, kms } = openProviders(file, { ...parts, patienceMs: parts.patienceMs ?? PATIENCE_MS })
  try {
    await Promise.all(kms.map((provider) => untilWell(provider, parts)))
  } catch (error) {
    for (const provider of kms) provider.close()
    throw error
  }
  const sealer = createValueSealer(rules)
  const store = sealStore(inner, sealer)
  const resealing = { inner, store, sealer, ranges: sealedRanges(rules), epoch: () => kms.reduce(
    (sum, { epoch }) => sum + epoch, 0
  ), clock: parts.clock, log: parts.log }
  return {
    store,
    healthChecks: kms.map((provider, index) => ({ name: `kms-provider-${index}`, concerns: 'ready', check: () => provider.problem })),
    run(signal) {
      for (const provider of kms) void provider.run(signal)
      void runResealer(resealing, signal)
    },
    close() {
      for (const provider of kms) provider.close()
    },
  }
}

function openProviders(file: string, parts: KmsParts): { readonly rules: readonly SealingRule[]; readonly kms: readonly KmsProvider[] } {
  const config = parseEncryptionConfig(file, contentOf(file))
  const kms: KmsProvider[] = []
  const open = (provider: ProviderConfig): readonly Provider[] => {
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
  return { rules: config.resources.map(({ resources, providers }) => ({ resources, providers: providers.flatMap(open) })), kms }
}

function contentOf(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Error(
      `error opening encryption provider configuration file ${JSON.stringify(file)}: ${thrownMessage(error)}`, { cause: error }
    )
  }
}

async function untilWell(provider: KmsProvider, { clock, patienceMs = PATIENCE_MS }: EncryptionParts): Promise<void> {
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
