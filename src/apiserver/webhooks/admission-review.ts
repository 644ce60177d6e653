import { fromBase64, textOf } from '../../words/bytes.ts'
import { isObject, type JsonObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import { apiVersionOf, type KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { StatusDetails, StatusReason } from '../../words/status-error.ts'
import type { AdmissionRequest } from '../access.ts'

/** One object of a review, as the version says it that the webhook's rule names. */
export interface ReviewedObjects {
  readonly kind: KindRef
  readonly object: KubeObject | undefined
  readonly old: KubeObject | undefined
}

const OPTIONS_KIND = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const

/** admission.k8s.io/v1 AdmissionReview with its request. */
export function reviewOf(uid: string, version: string, request: AdmissionRequest, { kind, object, old }: ReviewedObjects): JsonObject {
  const gvk = (of: KindRef, sent: KubeObject | undefined): JsonObject => kindOfBody(sent) ?? {
    group: of.group, version: of.version, kind: of.kind,
  }
  const gvr = (of: KindRef): JsonObject => ({ group: of.group, version: of.version, resource: of.plural })
  const { user, key, operation, subresource, dryRun } = request
  // A Namespace is, to all who are asked about it, in itself.
  const namespace = request.kind.group === '' && request.kind.plural === 'namespaces' ? key.name : key.namespace
  return {
    kind: 'AdmissionReview',
    apiVersion: apiVersionOf({ group: 'admission.k8s.io', version }),
    request: {
      uid, kind: gvk(kind, object), resource: gvr(kind), ...(subresource === '' ? {} : { subResource: subresource }),
      requestKind: gvk(request.kind, request.object), requestResource: gvr(request.kind),
      ...(subresource === '' ? {} : { requestSubResource: subresource }),
      ...(key.name === '' ? {} : { name: key.name }), ...(namespace === '' ? {} : { namespace }), operation,
      userInfo: { username: user.name, ...(user.uid === '' ? {} : { uid: user.uid }), groups: user.groups, ...extraOf(user.extra) },
      object: object ?? null, oldObject: old ?? null, dryRun,
      options: optionsOf(request),
    },
  }
}

/** CreateOptions, UpdateOptions, DeleteOptions with what the client gave. */
function optionsOf({ operation, options, dryRun }: AdmissionRequest): JsonObject | null {
  if (operation === 'CONNECT') return null
  const given: JsonObject = { kind: OPTIONS_KIND[operation], apiVersion: 'meta.k8s.io/v1' }
  const add = (name: string, value: unknown): void => {
    if (value !== undefined && value !== '') given[name] = value
  }
  if (options !== undefined && 'fieldManager' in options) {
    add('fieldManager', options.fieldManager)
    // Warn is the default too: only who asks for it has duplicates looked for.
    if (options.findDuplicates || options.fieldValidation === 'Ignore') add('fieldValidation', options.fieldValidation)
  } else if (options !== undefined) {
    add('gracePeriodSeconds', options.gracePeriodSeconds)
    add('propagationPolicy', options.propagationPolicy)
    add('orphanDependents', options.orphanDependents)
    const { uid, resourceVersion } = options
    if (uid !== undefined || resourceVersion !== undefined) {
      add('preconditions', { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) })
    }
  }
  if (dryRun) given['dryRun'] = ['All']
  return given
}

/** Subresources have bodies of kinds of their own: Scale, Eviction, PodExecOptions. */
function kindOfBody(object: KubeObject | undefined): JsonObject | undefined {
  if (object === undefined) return undefined
  const slash = object.apiVersion.indexOf('/')
  return { group: object.apiVersion.slice(0, Math.max(slash, 0)), version: object.apiVersion.slice(slash + 1), kind: object.kind }
}

function extraOf(extra: AdmissionRequest['user']['extra']): JsonObject {
  return Object.keys(extra).length === 0 ? {} : { extra }
}

export interface ReviewAnswer {
  readonly allowed: boolean
  readonly code: number
  readonly reason: StatusReason
  readonly message: string
  readonly details: StatusDetails | undefined
  /** The text of an RFC 6902 patch, which nobody has looked into yet; undefined: nothing is to be changed. */
  readonly patch: string | undefined
  readonly warnings: readonly string[]
  readonly auditAnnotations: Readonly<Record<string, string>>
}

/** The review that is answered. */
export interface OpenReview {
  readonly uid: string
  /** Of admission.k8s.io. The answers in v1beta1 may leave out the uid and the patchType. */
  readonly version: string
  readonly mayPatch: boolean
}

/** Throws an Error where the answer is none: another review's, of other types. */
export function answerOf({ uid, version, mayPatch }: OpenReview, review: JsonObject): ReviewAnswer {
  const { response, kind, apiVersion } = review
  const expected = apiVersionOf({ group: 'admission.k8s.io', version })
  const isLax = version === 'v1beta1'
  if (kind !== 'AdmissionReview' || apiVersion !== expected) {
    throw new Error(`expected webhook response of ${expected}, Kind=AdmissionReview, got ${text(apiVersion)}, Kind=${text(kind)}`)
  }
  if (!isObject(response)) throw new Error('webhook response was absent')
  if (!isLax && response['uid'] !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${jsonText(response['uid'] ?? '')}`)
  }
  checkTypes(response)
  const status = isObject(response['status']) ? response['status'] : {}
  // As upstream's ToStatusErr: who denies and says no code, or one of no failure, means 400.
  const code = typeof status['code'] === 'number' && status['code'] >= 400 && status['code'] < 600 ? Math.floor(status['code']) : 400
  return {
    // The reason is the webhook's own: what it is not among ours is passed on as it is.
    allowed: response['allowed'] === true, code, reason: text(status['reason']) as StatusReason, message: text(status['message']),
    details: detailsOf(status['details']),
    patch: patchOf(response, { mayPatch, isLax }),
    warnings: Array.isArray(response['warnings']) ? response['warnings'].map(text) : [],
    auditAnnotations: textsOf(response['auditAnnotations']),
  }
}

const TYPES: readonly (readonly [field: string, type: string, is: (value: unknown) => boolean])[] = [
  ['allowed', 'bool', (value) => typeof value === 'boolean'],
  ['status', 'v1.Status', isObject],
  ['patch', '[]uint8', (value) => typeof value === 'string'],
  ['patchType', 'v1.PatchType', (value) => typeof value === 'string'],
  ['warnings', '[]string', (value) => Array.isArray(value) && value.every((each) => typeof each === 'string')],
  ['auditAnnotations', 'map[string]string', (value) => isObject(value) && Object.values(value).every((each) => typeof each === 'string')],
]

/** Who says something else than yes or no has not said no: its failurePolicy tells what that means. */
function checkTypes(response: JsonObject): void {
  for (const [field, type, is] of TYPES) {
    const value = response[field] ?? undefined
    if (value === undefined || is(value)) continue
    throw new Error(`json: cannot unmarshal Go struct field AdmissionResponse.response.${field} of type ${type}`)
  }
}

function patchOf(
  { patch, patchType }: JsonObject, { mayPatch, isLax }: { readonly mayPatch: boolean; readonly isLax: boolean },
): string | undefined {
  if (patch === undefined || patch === null || patch === '') {
    if (isLax || patchType === undefined || patchType === null) return undefined
    throw new Error('webhook returned response.patchType but not response.patch')
  }
  if (!mayPatch) throw new Error('webhook response.patch is not allowed for a validating webhook')
  if (patchType !== 'JSONPatch' && !(isLax && (patchType ?? '') === '')) {
    throw new Error(`webhook returned response.patch but response.patchType is ${jsonText(patchType ?? '')}, not "JSONPatch"`)
  }
  const bytes = typeof patch === 'string' ? fromBase64(patch) : undefined
  if (bytes === undefined) throw new Error('webhook response.patch is not base64')
  return textOf(bytes)
}

/** As far as they are what details are. */
function detailsOf(given: unknown): StatusDetails | undefined {
  if (!isObject(given)) return undefined
  const { causes, retryAfterSeconds } = given
  const details: Record<string, unknown> = {}
  for (const field of ['name', 'group', 'kind', 'uid']) if (text(given[field]) !== '') details[field] = text(given[field])
  if (Array.isArray(causes)) {
    details['causes'] = causes.filter(isObject).map(
      ({ reason, message, field }) => ({ reason: text(reason), message: text(message), field: text(field) }),
    )
  }
  if (typeof retryAfterSeconds === 'number') details['retryAfterSeconds'] = retryAfterSeconds
  return details
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
