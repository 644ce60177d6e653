import type { DeleteOptions, Patch } from '../client/client.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import type { Instant } from '../words/instant.ts'

/** A kind that a controller looks at, and which of the controller's keys a change of such an object concerns. */
export interface Read<T extends KubeObject = KubeObject> {
  readonly kind: KindRef<T>
  /** The keys to plan again when this object appears, changes or goes. snapshot is for look-ups in other kinds. */
  keysOf(object: T, snapshot: Snapshot): readonly string[]
}

/** What the caches hold at one moment. Objects are shared: never change them. */
export interface Snapshot {
  get<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): T | undefined
  /** All of a kind, or those of one namespace. */
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): readonly T[]
  count(kind: KindRef): number
  /** Objects whose controller (ownerReferences with controller: true) has this uid; from an index. */
  ownedBy<T extends KubeObject>(kind: KindRef<T>, ownerUid: string): readonly T[]
  /** Objects that name this owner in ownerReferences, as their controller or not; from an index. */
  dependentsOf<T extends KubeObject>(kind: KindRef<T>, ownerUid: string): readonly T[]
  /** Objects of a namespace that have no controller: what may be adopted; from an index. */
  unowned<T extends KubeObject>(kind: KindRef<T>, namespace: string): readonly T[]
}

/** One write that a plan asks for. Data, so that plans are compared in tables. */
export type Action =
  | { readonly verb: 'create'; readonly kind: KindRef; readonly object: KubeObject }
  | { readonly verb: 'update'; readonly kind: KindRef; readonly object: KubeObject; readonly subresource?: string }
  | { readonly verb: 'patch'; readonly kind: KindRef; readonly key: ObjectKey; readonly patch: Patch; readonly subresource?: string }
  | { readonly verb: 'delete'; readonly kind: KindRef; readonly key: ObjectKey; readonly options: DeleteOptions }
  | {
      readonly verb: 'create-subresource'
      readonly kind: KindRef
      readonly key: ObjectKey
      readonly subresource: string
      readonly body: object
    }
  /**
   * Go on only if a consistent read finds nothing: no object of the kind in the namespace, or no object of that name with that uid. For
   * steps that cannot be undone and rest on the absence of something, which a cache that is late cannot prove.
   */
  | { readonly verb: 'expect-none'; readonly kind: KindRef; readonly namespace: string }
  | { readonly verb: 'expect-absent'; readonly kind: KindRef; readonly key: ObjectKey; readonly uid: string | undefined }
  /** Remembered and counted like upstream's event recorder does; losing one harms nothing. */
  | {
      readonly verb: 'event'
      readonly regarding: KubeObject
      readonly type: 'Normal' | 'Warning'
      readonly reason: string
      readonly message: string
    }

/** An action of the key's previous plan that the server refused, for plans that report it (a ReplicaFailure condition). */
export interface Failure {
  readonly action: Action
  readonly code: number
  readonly message: string
  readonly at: Instant
  /** How many plans of this key failed in a row. */
  readonly attempts: number
}

export interface Plan {
  /**
   * Performed in this order; the first that fails ends the plan, and the key is planned again after a back-off. An event is sent
   * when the action before it succeeded. Neighbouring creates (or deletes) of one kind go out in batches of 1, 2, 4, ..., so
   * that many go fast and few fail where all would fail.
   */
  readonly actions: readonly Action[]
  /** Plan this key again at that time even if nothing changes. */
  readonly wakeAt?: Instant
  /** One sentence for a person: what is so, and what is waited for. */
  readonly why: string
}

/** Gives a new random suffix of five characters at each call; deterministic in tests. */
export type NameFn = () => string

/**
 * A control loop as two pure functions. The executor (reconcile/executor.ts) owns caches, queue, fencing and back-off: it does not
 * plan a key again until its cache has reached the revision of that key's last write.
 */
export interface Controller<View = unknown> {
  /** As users see it in events: deployment-controller. */
  readonly name: string
  /** The service account in kube-system with whose rights it writes. */
  readonly account: string
  /** The first one is the kind that the keys stand for: where such an object is replaced by another one, its key begins anew. */
  readonly reads: readonly Read[]
  readonly writes: readonly KindRef[]
  /** Gathers what the plan needs; undefined when the key's object is gone and nothing is left to do. */
  observe(key: string, snapshot: Snapshot): View | undefined
  /** failure is set when the previous plan of this key ended with a refusal. */
  plan(view: View, now: Instant, name: NameFn, failure: Failure | undefined): Plan
}
