import type { KindRef } from '../../objects/kind.ts'
import { apiVersionOf } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { ParamKind, ParamRef } from '../../resources/generated/types.ts'
import { StatusError } from '../../words/status-error.ts'
import type { AdmissionRequest, ConvertingReader } from '../access.ts'

export type Params =
  /** One evaluation for each; null: there are none, and the policy takes none. */
  | { readonly outcome: 'found'; readonly params: readonly (KubeObject | null)[] }
  /** The binding says nothing of this request. */
  | { readonly outcome: 'none' }
  /** unknown-kind: the policy itself is wrong, whatever its bindings say. */
  | { readonly outcome: 'error' | 'unknown-kind'; readonly message: string }

export interface ParamSources {
  served(): readonly ResourceDefinition[]
  readonly converting: ConvertingReader
}

/** The objects that a binding names as parameters of its policy; at once where nobody else has to convert them. */
export function findParams(
  paramKind: ParamKind | undefined, ref: ParamRef | undefined, request: AdmissionRequest, sources: ParamSources,
): Params | Promise<Params> {
  if (paramKind === undefined || ref === undefined) return { outcome: 'found', params: [null] }
  const kind = kindOf(paramKind, sources.served())
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
  const found = (params: readonly KubeObject[]): Params => foundParams(params, ref)
  const params = paramsOf(kind, namespace, ref, sources.converting)
  return params instanceof Promise ? params.then(found).catch(notConverted) : found(params)
}

function paramsOf(
  kind: KindRef, namespace: string, { name = '', selector }: ParamRef, converting: ConvertingReader,
): readonly KubeObject[] | Promise<readonly KubeObject[]> {
  if (name === '') return converting.select(kind, namespace, selector)
  const param = converting.get(kind, { namespace, name })
  if (param instanceof Promise) return param.then((object) => [object])
  return param === undefined ? [] : [param]
}

function foundParams(params: readonly KubeObject[], { parameterNotFoundAction }: ParamRef): Params {
  if (params.length > 0) return { outcome: 'found', params }
  if (parameterNotFoundAction === 'Allow') return { outcome: 'none' }
  return { outcome: 'error', message: 'no params found for policy binding with `Deny` parameterNotFoundAction' }
}

/** The policy's failurePolicy says what becomes of the request. */
function notConverted(error: unknown): Params {
  if (error instanceof StatusError) return { outcome: 'error', message: error.message }
  throw error
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
