import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeConformance } from '../../store/store.conformance.testing.ts'
import { openLmdbStore } from './open-lmdb-store.ts'

storeConformance('lmdb', async (watchLimits) => {
  const directory = await mkdtemp(join(tmpdir(), 'lotse-store-'))
  const store = await openLmdbStore({ directory, watchLimits })
  return {
    store,
    dispose: async () => {
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
})
