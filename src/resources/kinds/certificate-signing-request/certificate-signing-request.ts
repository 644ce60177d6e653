import { formatTime } from '../../../words/instant.ts'
import { humanDuration } from '../../age.ts'
import type { PrepareContext, ResourceDefinition, StatusSubresource } from '../../definition.ts'
import { kinds } from '../../generated/kinds.ts'
import type {
  CertificateSigningRequest, CertificateSigningRequestCondition, CertificateSigningRequestStatus,
} from '../../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../../plain-resource.ts'
import { ageColumn, textColumn } from '../../table.ts'
import { APPROVED, DENIED, FAILED, validateRequest, validateUpdate } from './validate.ts'

type Request = CertificateSigningRequest

/** Who asks is what authentication says, not what the request says; and nobody approves their own request while making it. */
function prepareForCreate(draft: Request, { user }: PrepareContext): void {
  draft.status = {}
  if (draft.spec === undefined) return
  const { username: _, uid: _uid, groups: _groups, extra: _extra, ...asked } = draft.spec
  draft.spec = {
    ...asked,
    username: user.name,
    ...(user.uid === '' ? {} : { uid: user.uid }),
    ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
    ...(Object.keys(user.extra).length === 0 ? {} : { extra: copyExtra(user.extra) }),
  }
}

function copyExtra(extra: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]))
}

/** A request stands as it was made. */
function prepareForUpdate(draft: Request, old: Request): void {
  keepSpec(draft, old)
  keepStatus(draft, old)
}

/** A signer writes the certificate. Whether the request is approved is not its business. */
function prepareStatus(draft: Request, old: Request, { now }: PrepareContext): void {
  keepSpec(draft, old)
  if (draft.status === undefined) return
  const kept = [APPROVED, DENIED].reduce((conditions, type) => keepInstances(conditions, old, type), draft.status.conditions ?? [])
  setConditions(draft, draft.status, stamped(kept, old, now))
}

/** Conditions of a type as they were, where there are as many as before: their number is validation's affair. */
function keepInstances(conditions: CertificateSigningRequestCondition[], old: Request, type: string): CertificateSigningRequestCondition[] {
  const before = (old.status?.conditions ?? []).filter((condition) => condition.type === type)
  if (conditions.filter((condition) => condition.type === type).length !== before.length) return conditions
  let next = 0
  return conditions.map((condition) => (condition.type === type ? (before[next++] ?? condition) : condition))
}

/** The approval takes over conditions and nothing else. */
function prepareApproval(draft: Request, old: Request, { now }: PrepareContext): void {
  const conditions = stamped(draft.status?.conditions ?? [], old, now)
  keepSpec(draft, old)
  setConditions(draft, old.status ?? {}, conditions)
}

function setConditions(draft: Request, status: CertificateSigningRequestStatus, conditions: CertificateSigningRequestCondition[]): void {
  const { conditions: _, ...rest } = status
  draft.status = conditions.length === 0 ? rest : { ...rest, conditions }
}

/** With the times that their writer left out. */
function stamped(
  conditions: readonly CertificateSigningRequestCondition[], old: Request, now: number,
): CertificateSigningRequestCondition[] {
  const time = formatTime(now)
  return conditions.map((condition) => {
    if (condition.lastUpdateTime !== undefined && condition.lastTransitionTime !== undefined) return condition
    const same = old.status?.conditions?.find(({ type, status, lastTransitionTime }) => (
      type === condition.type && status === condition.status && lastTransitionTime !== undefined))
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? time,
      lastTransitionTime: condition.lastTransitionTime ?? same?.lastTransitionTime ?? time,
    }
  })
}

/** Approved,Issued */
function conditionText({ status }: Request): string {
  const has = (type: string): boolean => status?.conditions?.some((condition) => condition.type === type) ?? false
  const decision = has(DENIED) ? DENIED : has(APPROVED) ? APPROVED : 'Pending'
  return `${decision}${has(FAILED) ? ',Failed' : ''}${(status?.certificate ?? '') === '' ? '' : ',Issued'}`
}

function durationText({ spec }: Request): string {
  return spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000)
}

/** How an update through certificatesigningrequests/approval goes. */
export const requestApproval: StatusSubresource<Request> = {
  prepareForUpdate: prepareApproval,
  validateUpdate: (request, old) => validateUpdate(request, old, 'approval'),
}

export const certificateSigningRequests: ResourceDefinition<Request> = {
  ...plainResource,
  kind: kinds.CertificateSigningRequest,
  prepareForCreate,
  prepareForUpdate,
  validateCreate: validateRequest,
  validateUpdate: (request, old) => validateUpdate(request, old, 'object'),
  columns: [
    ageColumn,
    textColumn('SignerName', 'Who is to sign.', ({ spec }) => spec.signerName),
    textColumn('Requestor', 'Who asks.', ({ spec }) => spec.username ?? ''),
    textColumn('RequestedDuration', 'How long the certificate is to be valid.', durationText),
    textColumn('Condition', 'What has become of it.', conditionText),
  ],
  selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  status: { prepareForUpdate: prepareStatus, validateUpdate: (request, old) => validateUpdate(request, old, 'status') },
  subresources: [{
    name: 'approval', kind: { group: kinds.CertificateSigningRequest.group, version: 'v1', kind: 'CertificateSigningRequest' },
    verbs: ['get', 'patch', 'update'],
  }],
  nameRule: 'path-segment',
}
