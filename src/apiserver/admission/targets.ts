import type { AdmissionRequest } from '../access.ts'

/** What a plug-in is about: a resource of a group, itself and not a subresource of it. */
export function isAbout({ kind, subresource }: AdmissionRequest, group: string, plural: string): boolean {
  return kind.plural === plural && kind.group === group && subresource === ''
}

export function isSubresourceOf({ kind, subresource }: AdmissionRequest, group: string, plural: string, name: string): boolean {
  return subresource === name && kind.plural === plural && kind.group === group
}

/** Something is stored that was not so before. */
export function isWrite({ operation }: AdmissionRequest): boolean {
  return operation === 'CREATE' || operation === 'UPDATE'
}
