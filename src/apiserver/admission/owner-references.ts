import { sameJson } from '../../objects/json.ts'
import { apiVersionOf, type KindRef } from '../../objects/kind.ts'
import type { AdmissionRequest, Authorizer, Decision, RequestInfo, Validator } from '../access.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

export interface OwnerReferenceParts {
  readonly authorizer: Authorizer
  servedKinds(): readonly KindRef[]
}

interface Owner {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly blockOwnerDeletion?: boolean
}

/**
 * Who gives an object an owner could have it deleted, and who has it block the deletion of the owner could keep that: both need the rights
 * to do so (OwnerReferencesPermissionEnforcement).
 */
export function ownerReferencePermissions(parts: OwnerReferenceParts): Validator {
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    matches: (request) => (
      (request.operation === 'CREATE' || request.operation === 'UPDATE') && !isPodStatus(request) && changesOwners(request)),
    async review(request) {
      if (request.operation === 'UPDATE') {
        const { kind: { plural }, subresource, key } = request
        const asked = { ...question(request.kind), verb: 'delete', resource: plural, subresource, ...key }
        const problem = refusal(await parts.authorizer.authorize(request.user, asked))
        if (problem !== undefined) return forbiddenBecause(`cannot set an ownerRef on a resource you can't delete: ${problem}`)
      }
      for (const owner of newlyBlocking(request)) {
        const problem = await blockingProblem(parts, request, owner)
        if (problem !== undefined) return forbiddenBecause(problem)
      }
      return ALLOWED
    },
  }
}

async function blockingProblem(parts: OwnerReferenceParts, request: AdmissionRequest, owner: Owner): Promise<string | undefined> {
  const kinds = parts.servedKinds().filter((kind) => kind.kind === owner.kind && apiVersionOf(kind) === owner.apiVersion)
  if (kinds.length === 0) {
    return 'cannot set blockOwnerDeletion in this case because cannot find RESTMapping ' +
      `for APIVersion ${owner.apiVersion} Kind ${owner.kind}: no matches for kind ${JSON.stringify(owner.kind)} in version ${JSON.stringify(owner.apiVersion)}`
  }
  for (const kind of kinds) {
    const namespace = kind.namespaced ? request.key.namespace : ''
    const asked = { ...question(kind), verb: 'update', resource: kind.plural, subresource: 'finalizers', namespace, name: owner.name }
    const problem = refusal(await parts.authorizer.authorize(request.user, asked))
    if (problem !== undefined) {
      return `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${problem}`
    }
  }
  return undefined
}

function question({ group, version }: KindRef): Pick<RequestInfo, 'isResource' | 'group' | 'version' | 'path'> {
  return { isResource: true, group, version, path: '' }
}

function refusal({ allowed, reason, error }: Decision): string | undefined {
  return allowed ? undefined : `${reason}, ${error ?? '<nil>'}`
}

function isPodStatus({ kind, subresource }: AdmissionRequest): boolean {
  return kind.group === '' && kind.plural === 'pods' && subresource === 'status'
}

function changesOwners({ object, old }: AdmissionRequest): boolean {
  return object !== undefined && !sameJson(ownersOf(object), ownersOf(old))
}

/** Those that block now, and did not, or were not there. */
function newlyBlocking({ object, old }: AdmissionRequest): readonly Owner[] {
  const before = new Set(ownersOf(old).filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true).map(({ uid }) => uid))
  return ownersOf(object).filter(({ blockOwnerDeletion, uid }) => blockOwnerDeletion === true && !before.has(uid))
}

function ownersOf(object: AdmissionRequest['object']): readonly Owner[] {
  return object?.metadata.ownerReferences ?? []
}
