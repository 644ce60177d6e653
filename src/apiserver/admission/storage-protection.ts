import type { Mutator } from '../access.ts'

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
}

/** Claims stay while pods use them, volumes while claims do: the storage protection controller lets them go. */
export const storageObjectInUseProtection: Mutator = {
  name: 'StorageObjectInUseProtection',
  matches: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && subresource === '' && kind.group === '' && FINALIZERS[kind.plural] !== undefined,
  admit({ object, kind }) {
    const finalizer = FINALIZERS[kind.plural]
    if (object === undefined || finalizer === undefined) return
    const standing = object.metadata.finalizers ?? []
    if (!standing.includes(finalizer)) object.metadata.finalizers = [...standing, finalizer]
  },
}
