/** The suite of all stores, over the engine and the sealing that clusters use. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sealStore, type ValueSealer } from '../../store/sealed-store.ts'
import { storeConformance } from '../../store/store.conformance.testing.ts'
import { openLmdbStore } from '../lmdb/open-lmdb-store.ts'
import { systemRandom } from '../random.ts'
import { aesGcm } from './aes-gcm.ts'

/** Everything is sealed; later: as with a KMS whose key has to be fetched. */
function sealerOf(when: 'at once' | 'later'): ValueSealer {
  const provider = aesGcm('one', randomBytes(32), systemRandom)
  return {
    seal: (key, plain) => provider.seal(key, plain),
    opening(key, stored) {
      const opening = provider.opening(key, stored.subarray(provider.prefix.length))
      return when === 'later' ? Promise.resolve(opening) : opening
    },
    isCurrent: () => true,
  }
}

for (const when of ['at once', 'later'] as const) {
  storeConformance(`lmdb, sealed with AES-GCM, keys ${when}`, async (watchLimits) => {
    const directory = await mkdtemp(join(tmpdir(), 'lotse-sealed-store-'))
    const store = sealStore(await openLmdbStore({ directory, watchLimits }), sealerOf(when))
    return {
      store,
      dispose: async () => {
        await store.close()
        await rm(directory, { recursive: true })
      },
    }
  })
}
