import { freezeJson } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../../objects/kube-object.ts'
import type { AdmissionRequest, ObjectReader, RequestInfo, User } from '../access.ts'

/** For tests: a reader over a list of objects, found by kind and key. */
export function readerOf(objects: readonly KubeObject[]): ObjectReader {
  for (const object of objects) freezeJson(object)
  const ofKind = (kind: KindRef, namespace?: string): readonly KubeObject[] => objects.filter((object) =>
    object.kind === kind.kind && (namespace === undefined || namespace === '' || object.metadata.namespace === namespace))
  return {
    get: <T extends KubeObject>(kind: KindRef<T>, key: ObjectKey) =>
      ofKind(kind).find(
        (object) => object.metadata.name === key.name && (object.metadata.namespace ?? '') === key.namespace,
      ) as T | undefined,
    list: <T extends KubeObject>(kind: KindRef<T>, namespace?: string) => ofKind(kind, namespace) as readonly T[],
  }
}

export function userNamed(name: string, ...groups: string[]): User {
  return { name, uid: '', groups, extra: {} }
}

/** infoOf('list', 'pods.core', 'default'), infoOf('get', 'deployments/scale.apps', 'default', 'web') */
export function infoOf(verb: string, resource: string, namespace = '', name = ''): RequestInfo {
  const dot = resource.indexOf('.')
  const [plural = '', subresource = ''] = (dot === -1 ? resource : resource.slice(0, dot)).split('/')
  return {
    isResource: true, verb, group: dot === -1 ? '' : resource.slice(dot + 1), version: 'v1', resource: plural,
    subresource, namespace, name, path: '',
  }
}

export function urlInfo(verb: string, path: string): RequestInfo {
  return { isResource: false, verb, group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path }
}

export function admissionOf(
  operation: AdmissionRequest['operation'], kind: KindRef, object: KubeObject | undefined, more: Partial<AdmissionRequest> = {},
): AdmissionRequest {
  const named = object ?? more.old
  return {
    operation, kind, key: { namespace: named?.metadata.namespace ?? '', name: named?.metadata.name ?? '' },
    subresource: '', object, old: undefined,
    user: userNamed('tester'), dryRun: false, ...more,
  }
}
