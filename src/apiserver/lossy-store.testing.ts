import type { Store } from '../store/store.ts'

/** A store whose watch says once that it fell behind. */
export function lossyStore(store: Store): { store: Store; lose(): void } {
  let isLost = false
  return {
    lose: () => {
      isLost = true
    },
    store: {
      read: (range, options) => store.read(range, options), commit: (transaction) => store.commit(transaction),
      latest: () => store.latest(),
      compact: (before) => store.compact(before), close: () => store.close(),
      async *watch(range, after, signal) {
        for await (const batch of store.watch(range, after, signal)) {
          if (isLost) {
            isLost = false
            yield { type: 'lost', why: 'too-slow' }
            return
          }
          yield batch
        }
      },
    },
  }
}
