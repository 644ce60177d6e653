import type { KubeObject, ManagedFieldsEntry } from '../../objects/kube-object.ts'
import type { Draft } from './update.ts'
import type { PipelineParts, WriteRequest } from './write-request.ts'

export function trackCreate(_parts: PipelineParts, _request: WriteRequest, _draft: KubeObject): ManagedFieldsEntry[] | undefined {
  return undefined
}

export function trackUpdate(_parts: PipelineParts, _request: WriteRequest, _draft: KubeObject, current: KubeObject): ManagedFieldsEntry[] | undefined {
  return current.metadata.managedFields
}

/** An apply as a proposal on top of the current object. Throws 409 with the conflicting managers where it does not force. */
export function appliedUpdate(_parts: PipelineParts, _request: WriteRequest, apply: { current: KubeObject; body: KubeObject; force: boolean }): Draft {
  return { object: apply.body }
}

export function appliedCreate(_request: WriteRequest, body: KubeObject): KubeObject {
  return body
}
