import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod } from '../../resources/generated/types.ts'
import type { AdmissionRequest } from '../access.ts'

/** The pod that is being written (not one of its subresources); undefined for other requests. */
export function podOf(request: AdmissionRequest): Pod | undefined {
  return isPodWrite(request) ? (request.object as Pod | undefined) : undefined
}

export function isPodWrite({ kind, subresource }: AdmissionRequest): boolean {
  return kind.plural === kinds.Pod.plural && kind.group === '' && subresource === ''
}

/** A pod that a node runs from a file of its own and only shows here. */
export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined
}
