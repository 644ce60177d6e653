import type { KindRef } from '../../objects/kind.ts'
import type { ObjectKey } from '../../objects/kube-object.ts'
import type { KeyRange } from '../../store/store.ts'

/** All objects: objects/GROUP/PLURAL/[NAMESPACE/]NAME, where the group without a name is called core. */
export const allObjects: KeyRange = { start: 'objects/', end: 'objects0' }

/** objects/apps/deployments/ */
export function resourcePrefix(kind: Pick<KindRef, 'group' | 'plural'>): string {
  return `objects/${kind.group === '' ? 'core' : kind.group}/${kind.plural}/`
}

/** The prefix that a key of a stored object starts with. */
export function prefixOf(key: string): string {
  return key.slice(0, key.indexOf('/', key.indexOf('/', 'objects/'.length) + 1) + 1)
}

export function objectKeyText(prefix: string, key: ObjectKey): string {
  return key.namespace === '' ? prefix + key.name : `${prefix}${key.namespace}/${key.name}`
}

/** Every key with this prefix: the end is the prefix with its last character (always a slash) replaced by the next one. */
export function prefixRange(prefix: string): KeyRange {
  return { start: prefix, end: `${prefix.slice(0, -1)}0` }
}
