import { compareQuantities, parseQuantity, zero } from '../../objects/quantity.ts'
import type { Quantity } from '../../objects/quantity.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { PersistentVolumeClaim } from '../../resources/generated/types.ts'
import type { Validator } from '../access.ts'
import { isAbout } from './targets.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

const NOT_RESIZABLE = 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize'

/** A claim grows only where its class says that volumes can. */
export const persistentVolumeClaimResize: Validator = {
  name: 'PersistentVolumeClaimResize',
  matches: (request) => request.operation === 'UPDATE' && isAbout(request, '', 'persistentvolumeclaims'),
  review({ object, old }, reader) {
    const [claim, before] = [object as PersistentVolumeClaim, old as PersistentVolumeClaim]
    if (compareQuantities(sizeOf(claim), sizeOf(before)) <= 0) return ALLOWED
    if (before.status?.phase !== 'Bound') return forbiddenBecause('Only bound persistent volume claims can be expanded')
    const name = claim.spec?.storageClassName ?? ''
    const storageClass = name === '' ? undefined : reader.get(kinds.StorageClass, { namespace: '', name })
    if (storageClass?.allowVolumeExpansion === true && before.spec?.storageClassName === name) return ALLOWED
    return forbiddenBecause(NOT_RESIZABLE)
  },
}

function sizeOf({ spec }: PersistentVolumeClaim): Quantity {
  return parseQuantity(spec?.resources?.requests?.['storage'] ?? '0') ?? zero
}
