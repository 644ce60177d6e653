import type { KubeObject } from '../../objects/kube-object.ts'
import type { Committed, Transaction } from '../../store/store.ts'
import { conflict } from '../../words/status-error.ts'
import type { AdmissionRequest } from '../access.ts'
import type { Bookkeeper, Charge } from '../charge.ts'
import type { ResourceSet } from '../resource-set.ts'
import { encodeObject } from '../storage/encoding.ts'
import type { CachedObject } from '../watch-cache/cached-object.ts'
import type { PipelineParts } from './write-request.ts'

/** etcd takes 128 operations in one transaction by default; the accounts need some of them. */
const MAX_WRITES = 100
const MAX_ATTEMPTS = 100

interface Entry {
  readonly charge: Charge
  readonly transaction: Transaction
  attempts: number
  resolve(result: Committed): void
  reject(error: unknown): void
}

interface LaneParts extends Pick<PipelineParts, 'store' | 'feed' | 'sets'> {
  readonly resources: ResourceSet
  readonly bookkeeper: Bookkeeper | undefined
}

/**
 * Commits writes together with the accounts that they are charged to. The writes of one namespace go in turns: while a transaction is
 * under way those that come gather, and share the next one, so that a flood of them costs few writes of an account. A transaction says
 * which state of the accounts it rests on; when another server was faster, what is left is charged anew to the newer state.
 */
export class ChargeLane {
  readonly #parts: LaneParts
  readonly #lanes = new Map<string, Entry[]>()

  constructor(parts: LaneParts) {
    this.#parts = parts
  }

  /** Undefined for nearly every write: it is committed alone then. */
  chargeOf(request: AdmissionRequest, after: KubeObject | undefined): Charge | undefined {
    const { bookkeeper, resources } = this.#parts
    const { namespace } = request.key
    if (bookkeeper === undefined || namespace === '') return undefined
    const { cache } = resources.of(bookkeeper.accounts)
    if (cache.size === 0 || cache.range(cache.scope(namespace)).next().done === true) return undefined
    return bookkeeper.chargeOf(request, after)
  }

  /** As the store's commit. Throws the StatusError of a charge that is refused. */
  commit(charge: Charge, transaction: Transaction): Promise<Committed> {
    return new Promise((resolve, reject) => {
      const entry: Entry = { charge, transaction, attempts: 0, resolve, reject }
      const waiting = this.#lanes.get(charge.namespace)
      if (waiting !== undefined) {
        waiting.push(entry)
        return
      }
      this.#lanes.set(charge.namespace, [entry])
      void this.#run(charge.namespace)
    })
  }

  async #run(namespace: string): Promise<void> {
    let waiting = this.#lanes.get(namespace) ?? []
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_WRITES)
      this.#lanes.set(namespace, waiting.slice(MAX_WRITES))
      let again: readonly Entry[] = []
      try {
        again = await this.#commitBatch(namespace, batch)
      } catch (error) {
        for (const entry of batch) entry.reject(error)
      }
      waiting = [...again, ...(this.#lanes.get(namespace) ?? [])]
      this.#lanes.set(namespace, waiting)
    }
    this.#lanes.delete(namespace)
  }

  /** Gives back what is to be tried again. */
  async #commitBatch(namespace: string, batch: readonly Entry[]): Promise<readonly Entry[]> {
    const accounts = this.#accountsOf(namespace)
    const { joined, left, charged } = join(batch, accounts)
    if (joined.length === 0) return left
    const changes = this.#changes(accounts, charged)
    const transaction = {
      expect: [
        ...joined.flatMap((entry) => entry.transaction.expect),
        ...changes.map(({ account }) => ({ key: account.key, modified: account.revision })),
      ],
      writes: [...joined.flatMap((entry) => entry.transaction.writes), ...changes.map(({ write }) => write)],
      apart: true,
    }
    const { store, feed } = this.#parts
    for (const { write, object } of changes) feed.announce(write.key, write.value, object)
    try {
      const result = await store.commit(transaction)
      if (result.outcome === 'conflict') return [...await this.#settleConflict(joined, result), ...left]
      if (result.revision > feed.revision) await feed.reached(result.revision)
      resolveEach(joined, result)
      return left
    } finally {
      for (const { write } of changes) feed.withdraw(write.key, write.value)
    }
  }

  #accountsOf(namespace: string): readonly CachedObject[] {
    const { bookkeeper, resources } = this.#parts
    if (bookkeeper === undefined) return []
    const { cache } = resources.of(bookkeeper.accounts)
    return [...cache.range(cache.scope(namespace))]
  }

  #changes(accounts: readonly CachedObject[], charged: readonly KubeObject[]) {
    return accounts.flatMap((account, index) => {
      const object = charged[index]
      if (object === undefined || object === account.object) return []
      return [{ account, object, write: { key: account.key, value: encodeObject(object, this.#parts.sets) } }]
    })
  }

  /** Whose own object is not as expected hears of it; the others were only in bad company, or the account was newer. */
  async #settleConflict(joined: readonly Entry[], result: Extract<Committed, { outcome: 'conflict' }>): Promise<readonly Entry[]> {
    const { store, feed } = this.#parts
    await feed.reached(result.current?.modified ?? (await store.latest()))
    return joined.filter((entry) => {
      const failed = entry.transaction.expect.find(({ key, modified }) => (feed.cached(key)?.revision ?? 0) !== modified)
      if (failed !== undefined) {
        entry.resolve({ outcome: 'conflict', key: failed.key, current: undefined })
        return false
      }
      entry.attempts++
      if (entry.attempts < MAX_ATTEMPTS) return true
      const of = { group: '', resource: 'resourcequotas' }
      entry.reject(conflict(of, '', 'the object has been modified by others too often; please try again'))
      return false
    })
  }
}

/** The revision of each is that of its last write. */
function resolveEach(joined: readonly Entry[], { revision, revisions = [] }: Extract<Committed, { outcome: 'committed' }>): void {
  let next = 0
  for (const { transaction, resolve } of joined) {
    next += transaction.writes.length
    resolve({ outcome: 'committed', revision: revisions[next - 1] || revision })
  }
}

interface Joined {
  readonly joined: readonly Entry[]
  readonly left: readonly Entry[]
  readonly charged: readonly KubeObject[]
}

/**
 * Charges one after another; what is refused is told so.
 * Two writes of one object do not go in one transaction, and a write of an account goes alone.
 */
function join(batch: readonly Entry[], accounts: readonly CachedObject[]): Joined {
  let charged: readonly KubeObject[] = accounts.map(({ object }) => object)
  const accountKeys = new Set(accounts.map(({ key }) => key))
  const keys = new Set<string>()
  const joined: Entry[] = []
  const left: Entry[] = []
  let closed = false
  for (const entry of batch) {
    const own = entry.transaction.writes.map(({ key }) => key)
    const isAccount = own.some((key) => accountKeys.has(key))
    if (closed || own.some((key) => keys.has(key)) || (isAccount && joined.length > 0)) {
      closed = true
      left.push(entry)
      continue
    }
    try {
      charged = entry.charge.apply(charged)
    } catch (error) {
      entry.reject(error)
      continue
    }
    joined.push(entry)
    for (const key of own) keys.add(key)
    closed = isAccount
  }
  return { joined, left, charged }
}
