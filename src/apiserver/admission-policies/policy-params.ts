import type { KindRef } from '../../objects/kind.ts'
import { apiVersionOf } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { selects } from '../../objects/selects.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { ParamKind, ParamRef } from '../../resources/generated/types.ts'
import type { AdmissionRequest, ObjectReader } from '../access.ts'

export type Params =
  /** One evaluation for each; null: there are none, and the policy takes none. */
  | { readonly outcome: 'found'; readonly params: readonly (KubeObject | null)[] }
  /** The binding says nothing of this request. */
  | { readonly outcome: 'none' }
  /** unknown-kind: the policy itself is wrong, whatever its bindings say. */
  | { readonly outcome: 'error' | 'unknown-kind'; readonly message: string }

/** The objects that a binding names as parameters of its policy. */
export function findParams(
  paramKind: ParamKind | undefined, ref: ParamRef | undefined, request: AdmissionRequest, reader: ObjectReader,
  served: readonly ResourceDefinition[],
): Params {
  if (paramKind === undefined || ref === undefined) return { outcome: 'found', params: [null] }
  const kind = kindOf(paramKind, served)
  if (kind === undefined) {
    return { outcome: 'unknown-kind', message: `failed to find resource referenced by paramKind: '${kindText(paramKind)}'` }
  }
  const namespace = kind.namespaced ? (ref.namespace ?? '') || request.key.namespace : ''
  if (!kind.namespaced && (ref.namespace ?? '') !== '') {
    return { outcome: 'error', message: 'paramRef.namespace must not be provided for a cluster-scoped `paramKind`' }
  }
  if (kind.namespaced && namespace === '') {
    return { outcome: 'error', message: 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources' }
  }
  const params = (ref.name ?? '') !== ''
    ? [reader.get(kind, { namespace, name: ref.name ?? '' })].filter((object) => object !== undefined)
    : reader.list(kind, namespace === '' ? undefined : namespace).filter((object) => selects(ref.selector, object.metadata.labels))
  if (params.length > 0) return { outcome: 'found', params }
  if (ref.parameterNotFoundAction === 'Allow') return { outcome: 'none' }
  return { outcome: 'error', message: 'no params found for policy binding with `Deny` parameterNotFoundAction' }
}

/** apps/v1, Kind=Deployment; /v1, Kind=ConfigMap */
function kindText({ apiVersion = '', kind = '' }: ParamKind): string {
  return `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`
}

function kindOf({ apiVersion, kind }: ParamKind, served: readonly ResourceDefinition[]): KindRef | undefined {
  return served.find(
    (definition) => definition.kind.kind === kind && apiVersionOf(definition.kind) === apiVersion && !definition.virtual,
  )?.kind
}
