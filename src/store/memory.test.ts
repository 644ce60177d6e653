import { createMemoryStore } from './memory.ts'
import { storeConformance } from './store.conformance.testing.ts'

storeConformance('memory', async (limits) => {
  const store = createMemoryStore(limits)
  return { store, dispose: () => store.close() }
})
