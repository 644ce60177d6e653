import { kinds } from '../../resources/generated/kinds.ts'
import type { AdmissionRequest } from '../access.ts'
import type { WriteObserver } from '../route.ts'

/** Counts the stored changes of RBAC objects, so that the authorizer knows when to look again. */
export class RbacChanges implements WriteObserver {
  #count = 0

  get count(): number {
    return this.#count
  }

  settled(request: AdmissionRequest, outcome: 'stored' | 'not-stored'): void {
    if (outcome === 'stored' && request.kind.group === kinds.Role.group) this.#count++
  }
}
