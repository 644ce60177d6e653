import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import { keyOf, keyText } from '../objects/kube-object.ts'

/** The key of a controller that works object by object: the object's own. */
export function ownKey(object: KubeObject): readonly string[] {
  return [keyText(keyOf(object))]
}

/** shop/web -> namespace shop, name web; names hold no slash. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/')
  return slash === -1 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
