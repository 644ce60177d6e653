import { forbiddenField } from '../../objects/field-error.ts'
import { apiVersionOf, type KindRef } from '../../objects/kind.ts'
import { sameJson } from '../../objects/json.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ParamKind } from '../../resources/generated/types.ts'
import { invalid } from '../../words/status-error.ts'
import type { AdmissionRequest, Authorizer, ObjectReader, RequestInfo, User, Validator, Verdict } from '../access.ts'
import { groups } from '../access/subjects.ts'
import type { BindingObject, PolicyObject } from './invocations.ts'

const PAIRS: readonly { readonly policy: KindRef<PolicyObject>; readonly binding: KindRef }[] = [
  { policy: kinds.ValidatingAdmissionPolicy, binding: kinds.ValidatingAdmissionPolicyBinding },
  { policy: kinds.MutatingAdmissionPolicy, binding: kinds.MutatingAdmissionPolicyBinding },
]
const ALLOWED: Verdict = { allowed: true, warnings: [] }

/**
 * Policies read their parameters with the server's rights, and can tell what is in them. Who writes a policy must therefore be able to read
 * all objects of its paramKind, and who binds one the object of its paramRef.
 */
export function paramAccess(authorizer: Authorizer, served: () => readonly ResourceDefinition[]): Validator {
  return {
    name: 'ParamAccess',
    matches: ({ kind, subresource, operation }) =>
      kind.group === kinds.ValidatingAdmissionPolicy.group && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
    review(request, reader) {
      if (request.user.groups.includes(groups.masters)) return ALLOWED
      const asked = accessOf(request, reader, served())
      return asked === undefined ? ALLOWED : review(request, authorizer, asked)
    },
  }
}

interface AskedAccess {
  readonly info: RequestInfo
  readonly field: string
  /** What follows the user's name where the access is missing. */
  readonly missing: string
}

async function review(
  { user, kind, key }: AdmissionRequest, authorizer: Authorizer, { info, field, missing }: AskedAccess,
): Promise<Verdict> {
  const { allowed } = await authorizer.authorize(user, info)
  if (!allowed) throw invalid(kind, key.name, [forbiddenField(field, `user ${userText(user)} ${missing}`)])
  return ALLOWED
}

/** Undefined: nothing is read that was not before. */
function accessOf(request: AdmissionRequest, reader: ObjectReader, served: readonly ResourceDefinition[]): AskedAccess | undefined {
  const { plural } = request.kind
  if (PAIRS.some(({ policy }) => policy.plural === plural)) return accessOfPolicy(request.object, request.old, served)
  const pair = PAIRS.find(({ binding }) => binding.plural === plural)
  return pair && accessOfBinding(request, (name) => reader.get(pair.policy, { namespace: '', name }), served)
}

function accessOfPolicy(
  object: PolicyObject | undefined, old: PolicyObject | undefined, served: readonly ResourceDefinition[],
): AskedAccess | undefined {
  const paramKind = object?.spec?.paramKind
  if (paramKind === undefined || sameJson(old?.spec?.paramKind, paramKind)) return undefined
  const subject = `kind=${paramKind.kind ?? ''}, apiVersion=${paramKind.apiVersion ?? ''}`
  return {
    info: infoOf(paramKind, served, { namespace: '*', name: '*' }), field: 'spec.paramKind',
    missing: `must have "get" permission on all objects of the referenced paramKind (${subject})`,
  }
}

function accessOfBinding(
  { object, old }: { readonly object: BindingObject | undefined; readonly old: BindingObject | undefined },
  policyOf: (name: string) => PolicyObject | undefined, served: readonly ResourceDefinition[],
): AskedAccess | undefined {
  const { paramRef, policyName = '' } = object?.spec ?? {}
  if (paramRef === undefined || (sameJson(old?.spec?.paramRef, paramRef) && old?.spec?.policyName === policyName)) return undefined
  const { namespace = '', name = '' } = paramRef
  return {
    info: infoOf(policyOf(policyName)?.spec?.paramKind, served, { namespace, name }), field: 'spec.paramRef',
    missing: 'does not have "get" permission on the object referenced by paramRef',
  }
}

/** What nobody knows could be anything. */
function infoOf(
  paramKind: ParamKind | undefined, served: readonly ResourceDefinition[], key: { readonly namespace: string; readonly name: string },
): RequestInfo {
  const { apiVersion, kind } = paramKind ?? {}
  const known = served.find((each) => each.kind.kind === kind && apiVersionOf(each.kind) === apiVersion)?.kind
  const slash = apiVersion?.indexOf('/') ?? -1
  const group = apiVersion === undefined ? '*' : apiVersion.slice(0, Math.max(slash, 0))
  const version = apiVersion === undefined ? '*' : apiVersion.slice(slash + 1)
  return { isResource: true, verb: 'get', group, version, resource: known?.plural ?? '*', subresource: '', path: '', ...key }
}

/** As Go prints it: &{alice  [devs] map[]} */
function userText({ name, uid, groups: memberships, extra }: User): string {
  const more = Object.keys(extra).sort().map((key) => `${key}:[${(extra[key] ?? []).join(' ')}]`)
  return `&{${name} ${uid} [${memberships.join(' ')}] map[${more.join(' ')}]}`
}

