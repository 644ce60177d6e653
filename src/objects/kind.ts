import type { KubeObject } from './kube-object.ts'

/** Names a resource everywhere: in paths, in storage, in the typed client. T ties the object's type to it. */
export interface KindRef<out T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Of its lists, where that is not the kind with List behind it: custom resources may choose it. */
  readonly listKind?: string
  /** As in the path: deployments. */
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  /** Name of its definition in the schema tables: apps.v1.Deployment. */
  readonly schema: string
  /** Only for inference; never set. */
  readonly objectType?: T
}

/** v1, apps/v1: the apiVersion of an object of this kind. */
export function apiVersionOf(kind: { group: string; version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** DeploymentList. */
export function listKindOf({ kind, listKind = `${kind}List` }: Pick<KindRef, 'kind' | 'listKind'>): string {
  return listKind
}
