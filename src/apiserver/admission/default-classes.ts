import { defaultClassName, INGRESS_CLASS_MARKS, STORAGE_CLASS_MARKS } from '../../policy/default-class/default-class.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Ingress, PersistentVolumeClaim } from '../../resources/generated/types.ts'
import type { AdmissionRequest, Mutator } from '../access.ts'

const STORAGE_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'
const INGRESS_ANNOTATION = 'kubernetes.io/ingress.class'

/** A claim that names no class gets the default one. The empty name is a name: it asks for a volume without a class. */
export const defaultStorageClass: Mutator = {
  name: 'DefaultStorageClass',
  matches(request) {
    if (!isCreateOf(request, '', 'persistentvolumeclaims')) return false
    const claim = request.object as PersistentVolumeClaim
    return claim.spec?.storageClassName === undefined && claim.metadata.annotations?.[STORAGE_ANNOTATION] === undefined
  },
  admit(request, reader) {
    const claim = request.object as PersistentVolumeClaim
    const name = defaultClassName(reader.list(kinds.StorageClass), STORAGE_CLASS_MARKS)
    if (name !== undefined) claim.spec = { ...claim.spec, storageClassName: name }
  },
}

export const defaultIngressClass: Mutator = {
  name: 'DefaultIngressClass',
  matches(request) {
    if (!isCreateOf(request, kinds.Ingress.group, 'ingresses')) return false
    const ingress = request.object as Ingress
    return ingress.spec?.ingressClassName === undefined && ingress.metadata.annotations?.[INGRESS_ANNOTATION] === undefined
  },
  admit(request, reader) {
    const ingress = request.object as Ingress
    const name = defaultClassName(reader.list(kinds.IngressClass), INGRESS_CLASS_MARKS)
    if (name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: name }
  },
}

function isCreateOf({ operation, kind, subresource }: AdmissionRequest, group: string, plural: string): boolean {
  return kind.plural === plural && kind.group === group && operation === 'CREATE' && subresource === ''
}
