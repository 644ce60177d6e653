import { sameJson } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Node, PersistentVolumeClaim, Pod, ResourceSlice, TokenRequest } from '../../resources/generated/types.ts'
import type { AdmissionRequest, ObjectReader, Validator, Verdict } from '../access.ts'
import { podReferences } from '../access/pod-references.ts'
import { nodeNameOf } from '../access/subjects.ts'
import { forbiddenNodeLabels } from './node-labels.ts'
import { isMirrorPod } from './pod-writes.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

const LEASE_NAMESPACE = 'kube-node-lease'

/** A node agent writes its own Node, Lease and CSINode, the status of pods bound to it, and asks for tokens of those pods: nothing else. */
export const nodeRestriction: Validator = {
  name: 'NodeRestriction',
  matches: (request) => request.operation !== 'CONNECT' && nodeNameOf(request.user) !== undefined,
  review(request, reader) {
    const nodeName = nodeNameOf(request.user) ?? ''
    if (nodeName === '') return forbiddenBecause(`could not determine node from user ${JSON.stringify(request.user.name)}`)
    switch (`${request.kind.group}/${request.kind.plural}`) {
      case '/nodes': return reviewNode(request, nodeName)
      case '/pods': return reviewPodPart(request, nodeName, reader)
      case '/persistentvolumeclaims': return reviewClaim(request, nodeName)
      case '/serviceaccounts': return request.subresource === 'token' ? reviewToken(request, nodeName, reader) : ALLOWED
      case 'coordination.k8s.io/leases': return reviewLease(request, nodeName)
      case 'storage.k8s.io/csinodes':
        if (request.key.name === nodeName) return ALLOWED
        return forbiddenBecause('can only access CSINode with the same name as the requesting node')
      case 'resource.k8s.io/resourceslices': return reviewSlice(request, nodeName)
      default: return ALLOWED
    }
  },
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

function reviewNode(request: AdmissionRequest, nodeName: string): Verdict {
  const own = quoted(nodeName)
  if (request.key.name !== nodeName) return forbiddenBecause(`node ${own} is not allowed to modify node ${quoted(request.key.name)}`)
  if (request.operation === 'DELETE') return ALLOWED
  const node = request.object as Node
  const old = request.old as Node | undefined
  const labels = forbiddenNodeLabels(node.metadata.labels, old?.metadata.labels).join(', ')
  if (old === undefined && labels !== '') return forbiddenBecause(`node ${own} is not allowed to set the following labels: ${labels}`)
  if (old === undefined) return ALLOWED
  if (node.spec?.configSource !== undefined && !sameJson(node.spec.configSource, old.spec?.configSource)) {
    return forbiddenBecause(`node ${own} is not allowed to update configSource to a new non-nil configSource`)
  }
  if (!sameJson(old.spec?.taints ?? [], node.spec?.taints ?? [])) return forbiddenBecause(`node ${own} is not allowed to modify taints`)
  // An owner that is not there would have the node collected as garbage, and made anew with what it may not change (CVE-2025-5187).
  if (!sameJson(old.metadata.ownerReferences ?? [], node.metadata.ownerReferences ?? [])) {
    return forbiddenBecause(`node ${own} is not allowed to modify ownerReferences`)
  }
  return labels === '' ? ALLOWED : forbiddenBecause(`is not allowed to modify labels: ${labels}`)
}

function reviewPodPart(request: AdmissionRequest, nodeName: string, reader: ObjectReader): Verdict {
  switch (request.subresource) {
    case '': return reviewPod(request, nodeName, reader)
    case 'status': return reviewPodStatus(request, nodeName)
    case 'eviction': return reviewEviction(request, nodeName, reader)
    default: return forbiddenBecause(`unexpected pod subresource ${quoted(request.subresource)}, only 'status' and 'eviction' are allowed`)
  }
}

function reviewPod(request: AdmissionRequest, nodeName: string, reader: ObjectReader): Verdict {
  const own = quoted(nodeName)
  switch (request.operation) {
    case 'CREATE': {
      const problem = mirrorProblem(request.object as Pod, nodeName, reader)
      return problem === undefined ? ALLOWED : forbiddenBecause(problem)
    }
    case 'DELETE': {
      const pod = request.old as Pod | undefined
      if (pod === undefined || pod.spec?.nodeName === nodeName) return ALLOWED
      return forbiddenBecause(`node ${own} can only delete pods with spec.nodeName set to itself`)
    }
    default:
      return forbiddenBecause(`unexpected operation ${quoted(request.operation)}, node ${own} can only create and delete mirror pods`)
  }
}

/** A node may show what it runs from files of its own, and nothing in that may refer to what others have stored. */
function mirrorProblem(pod: Pod, nodeName: string, reader: ObjectReader): string | undefined {
  const node = `node ${quoted(nodeName)}`
  if (!isMirrorPod(pod)) return `pod does not have "kubernetes.io/config.mirror" annotation, ${node} can only create mirror pods`
  if (pod.spec?.nodeName !== nodeName) return `${node} can only create pods with spec.nodeName set to itself`
  const owner = ownerProblem(pod, nodeName, reader)
  if (owner !== undefined) return owner
  const { secrets, configMaps, claims, serviceAccount } = podReferences(pod)
  if (serviceAccount !== '') return `${node} can not create pods that reference a service account`
  if (secrets.size > 0) return `${node} can not create pods that reference secrets`
  if (configMaps.size > 0) return `${node} can not create pods that reference configmaps`
  const projected = (pod.spec?.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? [])
  if (projected.some(({ clusterTrustBundle }) => clusterTrustBundle !== undefined)) {
    return `${node} can not create pods that reference clustertrustbundles`
  }
  if (claims.size > 0) return `${node} can not create pods that reference persistentvolumeclaims`
  return (pod.spec?.resourceClaims ?? []).length > 0 ? `${node} can not create pods that reference resourceclaims` : undefined
}

function ownerProblem({ metadata }: Pod, nodeName: string, reader: ObjectReader): string | undefined {
  const node = `node ${quoted(nodeName)}`
  const [owner, ...others] = metadata.ownerReferences ?? []
  if (others.length > 0) return `${node} can only create pods with a single owner reference set to itself`
  if (owner === undefined || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== nodeName) {
    return `${node} can only create pods with an owner reference set to itself`
  }
  if (owner.controller !== true) return `${node} can only create pods with a controller owner reference set to itself`
  if (owner.blockOwnerDeletion === true) return `${node} must not set blockOwnerDeletion on an owner reference`
  const uid = reader.get(kinds.Node, { namespace: '', name: nodeName })?.metadata.uid
  if (uid === undefined) return `nodes ${quoted(nodeName)} not found`
  return owner.uid === uid ? undefined : `node ${nodeName} UID mismatch: expected ${owner.uid} got ${uid}`
}

function reviewPodStatus({ operation, object, old }: AdmissionRequest, nodeName: string): Verdict {
  const node = `node ${quoted(nodeName)}`
  const [pod, before] = [object as Pod | undefined, old as Pod | undefined]
  if (operation !== 'UPDATE' || pod === undefined || before === undefined) {
    return forbiddenBecause(`unexpected operation ${quoted(operation)}`)
  }
  if (before.spec?.nodeName !== nodeName) {
    return forbiddenBecause(`${node} can only update pod status for pods with spec.nodeName set to itself`)
  }
  if (!sameJson(before.metadata.labels ?? {}, pod.metadata.labels ?? {})) {
    return forbiddenBecause(`${node} cannot update labels through pod status`)
  }
  if (!sameJson(before.status?.resourceClaimStatuses ?? [], pod.status?.resourceClaimStatuses ?? [])) {
    return forbiddenBecause(`${node} cannot update resource claim statues`)
  }
  return ALLOWED
}

function reviewEviction(request: AdmissionRequest, nodeName: string, reader: ObjectReader): Verdict {
  if (request.operation !== 'CREATE') return forbiddenBecause(`unexpected operation ${request.operation}`)
  const pod = (request.old as Pod | undefined) ?? reader.get(kinds.Pod, request.key)
  if (pod === undefined || pod.spec?.nodeName === nodeName) return ALLOWED
  return forbiddenBecause(`node ${nodeName} can only evict pods with spec.nodeName set to itself`)
}

/** What a node finds out when it makes a volume larger. */
function reviewClaim({ operation, subresource, object, old }: AdmissionRequest, nodeName: string): Verdict {
  if (subresource !== 'status') return forbiddenBecause('may only update PVC status')
  if (operation !== 'UPDATE') return forbiddenBecause(`unexpected operation ${quoted(operation)}`)
  if (sameJson(withoutSizes(object as PersistentVolumeClaim), withoutSizes(old as PersistentVolumeClaim))) return ALLOWED
  return forbiddenBecause(`node ${quoted(nodeName)} is not allowed to update fields other than status.capacity and status.conditions`)
}

function withoutSizes({ metadata, status, ...rest }: PersistentVolumeClaim): object {
  const { resourceVersion: _, managedFields: __, ...named } = metadata
  const { capacity: ___, conditions: ____, allocatedResources: _____, allocatedResourceStatuses: ______, ...told } = status ?? {}
  return { ...rest, metadata: named, status: told }
}

function reviewLease(request: AdmissionRequest, nodeName: string): Verdict {
  if (request.key.namespace !== LEASE_NAMESPACE) {
    return forbiddenBecause(`can only access leases in the ${quoted(LEASE_NAMESPACE)} system namespace`)
  }
  if (request.key.name === nodeName) return ALLOWED
  return forbiddenBecause('can only access node lease with the same name as the requesting node')
}

function reviewSlice({ operation, object, old }: AdmissionRequest, nodeName: string): Verdict {
  if (operation === 'UPDATE') return ALLOWED
  const slice = (operation === 'CREATE' ? object : old) as ResourceSlice | undefined
  if (slice === undefined || slice.spec.nodeName === nodeName) return ALLOWED
  return forbiddenBecause(`can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`)
}

/** A token must be bound to a pod that runs there: what was stolen from a node ends with its pods. */
function reviewToken(request: AdmissionRequest, nodeName: string, reader: ObjectReader): Verdict {
  if (request.operation !== 'CREATE') return ALLOWED
  const bound = (request.object as TokenRequest | undefined)?.spec?.boundObjectRef
  if (bound?.kind !== 'Pod' || (bound.apiVersion ?? 'v1') !== 'v1' || (bound.name ?? '') === '') {
    return forbiddenBecause('node requested token not bound to a pod')
  }
  if ((bound.uid ?? '') === '') return forbiddenBecause('node requested token with a pod binding without a uid')
  const pod = reader.get(kinds.Pod, { namespace: request.key.namespace, name: bound.name ?? '' })
  if (pod === undefined) return forbiddenBecause(`pods ${quoted(bound.name ?? '')} not found`)
  if (pod.metadata.uid !== bound.uid) {
    const why = 'does not match the UID in record. The object might have been deleted and then recreated'
    return forbiddenBecause(`the UID in the bound object reference (${bound.uid}) ${why}`)
  }
  if (pod.spec?.nodeName !== nodeName) return forbiddenBecause('node requested token bound to a pod scheduled on a different node')
  // Stricter than upstream, where the token's maker looks at this.
  if (pod.spec.serviceAccountName === request.key.name) return ALLOWED
  return forbiddenBecause('node requested token of a service account that the pod does not use')
}
