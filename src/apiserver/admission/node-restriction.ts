import { sameJson } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Node, Pod, TokenRequest } from '../../resources/generated/types.ts'
import type { AdmissionRequest, ObjectReader, Validator, Verdict } from '../access.ts'
import { nodeNameOf } from '../access/subjects.ts'
import { isMirrorPod } from './pod-writes.ts'

const ALLOWED: Verdict = { allowed: true, warnings: [] }
const LEASE_NAMESPACE = 'kube-node-lease'
/** Labels under these belong to the administrator: a node must not move itself to where secrets are scheduled. */
const RESTRICTED_LABEL = /(^|\.)node-restriction\.kubernetes\.io\//

/** A node agent writes its own Node and Lease, the status of pods bound to it, and asks for tokens of those pods: nothing else. */
export const nodeRestriction: Validator = {
  name: 'NodeRestriction',
  matches: (request) => nodeNameOf(request.user) !== undefined,
  review(request, reader) {
    const nodeName = nodeNameOf(request.user) ?? ''
    const resource = request.subresource === '' ? request.kind.plural : `${request.kind.plural}/${request.subresource}`
    switch (`${request.kind.group}/${resource}`) {
      case '/nodes': case '/nodes/status': return reviewNode(request, nodeName)
      case '/pods': return reviewPod(request, nodeName)
      case '/pods/status': return reviewPodUse(request, nodeName, reader, 'update the status of')
      case '/pods/eviction': return reviewPodUse(request, nodeName, reader, 'evict')
      case '/serviceaccounts/token': return reviewToken(request, nodeName, reader)
      case 'coordination.k8s.io/leases': return reviewLease(request, nodeName)
      default: return ALLOWED
    }
  },
}

/** The pipeline puts the object's name before it. */
function refuse(why: string): Verdict {
  return { allowed: false, code: 403, message: why }
}

function reviewNode(request: AdmissionRequest, nodeName: string): Verdict {
  const own = JSON.stringify(nodeName)
  if (request.key.name !== nodeName) return refuse(`node ${own} is not allowed to modify node ${JSON.stringify(request.key.name)}`)
  if (request.operation === 'DELETE') return refuse(`node ${own} is not allowed to delete itself`)
  const node = request.object as Node
  const old = request.old as Node | undefined
  const forbiddenLabels = changedLabels(node, old).filter((label) => RESTRICTED_LABEL.test(label))
  if (forbiddenLabels.length > 0) return refuse(`is not allowed to modify labels: ${forbiddenLabels.join(', ')}`)
  if (old !== undefined && !sameJson(old.spec?.taints ?? [], node.spec?.taints ?? [])) {
    return refuse(`node ${own} is not allowed to modify taints`)
  }
  return ALLOWED
}

function changedLabels(node: Node, old: Node | undefined): readonly string[] {
  const [after, before] = [node.metadata.labels ?? {}, old?.metadata.labels ?? {}]
  return [...new Set([...Object.keys(after), ...Object.keys(before)])].filter((label) => after[label] !== before[label])
}

function reviewPod(request: AdmissionRequest, nodeName: string): Verdict {
  if (request.operation === 'DELETE') {
    const pod = request.old as Pod | undefined
    return pod === undefined || pod.spec?.nodeName === nodeName ? ALLOWED : refuse(`node ${JSON.stringify(nodeName)} can only delete pods with spec.nodeName set to itself`)
  }
  const pod = request.object as Pod
  if (request.operation === 'CREATE' && isMirrorPod(pod) && pod.spec?.nodeName === nodeName) return ALLOWED
  return refuse('pod does not have "kubernetes.io/config.mirror" annotation, node can only create mirror pods')
}

function reviewPodUse(request: AdmissionRequest, nodeName: string, reader: ObjectReader, act: string): Verdict {
  const pod = (request.old as Pod | undefined) ?? reader.get(kinds.Pod, request.key)
  if (pod === undefined || pod.spec?.nodeName === nodeName) return ALLOWED
  return refuse(`node ${JSON.stringify(nodeName)} can only ${act} pods with spec.nodeName set to itself`)
}

function reviewLease(request: AdmissionRequest, nodeName: string): Verdict {
  if (request.key.namespace === LEASE_NAMESPACE && request.key.name === nodeName) return ALLOWED
  return refuse(`can only access node lease with the same name as the requesting node, in the namespace ${LEASE_NAMESPACE}`)
}

function reviewToken(request: AdmissionRequest, nodeName: string, reader: ObjectReader): Verdict {
  const bound = (request.object as TokenRequest | undefined)?.spec?.boundObjectRef
  if (bound?.kind !== 'Pod') return refuse('node requested token not bound to a pod')
  const pod = reader.get(kinds.Pod, { namespace: request.key.namespace, name: bound.name ?? '' })
  if (pod === undefined || pod.metadata.uid !== bound.uid) return refuse('node requested token bound to a pod that does not exist')
  if (pod.spec?.nodeName !== nodeName) return refuse('node requested token bound to a pod scheduled on a different node')
  if (pod.spec.serviceAccountName !== request.key.name) return refuse('node requested token of a service account that the pod does not use')
  return ALLOWED
}
