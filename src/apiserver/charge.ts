import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { AdmissionRequest } from './access.ts'

/**
 * Keeps account of objects in other objects (ResourceQuotas), which are written in the very transaction that writes the object: either
 * both are stored or neither, also when a server dies in between, and also where several servers write to one store.
 */
export interface Bookkeeper {
  /** The kind of the accounts. Where none exists in a namespace, the bookkeeper is not asked. */
  readonly accounts: KindRef
  /** after: what is about to be stored, undefined for a removal. Undefined where no account can change, as for nearly every write. */
  chargeOf(request: AdmissionRequest, after: KubeObject | undefined): Charge | undefined
}

export interface Charge {
  /** Where the accounts are that it is charged to. */
  readonly namespace: string
  /** All accounts of the namespace as they shall be, in the given order; the same object where nothing changes. Throws StatusError. */
  apply(accounts: readonly KubeObject[]): readonly KubeObject[]
}
