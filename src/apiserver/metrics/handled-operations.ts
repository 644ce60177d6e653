import type { AdmissionRequest } from '../access.ts'

type Operation = AdmissionRequest['operation']

const CREATE: readonly Operation[] = ['CREATE']
const UPDATE: readonly Operation[] = ['UPDATE']
const WRITE: readonly Operation[] = ['CREATE', 'UPDATE']
const CHANGE: readonly Operation[] = ['CREATE', 'UPDATE', 'DELETE']
const ALL: readonly Operation[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT']

/** Which operations Kubernetes' plug-ins handle: there each of them is asked about every request of those, whatever it is about. */
const HANDLED: ReadonlyMap<string, readonly Operation[]> = new Map(Object.entries({
  AlwaysPullImages: WRITE, CertificateApproval: UPDATE, CertificateSigning: UPDATE, CertificateSubjectRestriction: CREATE,
  DefaultIngressClass: CREATE, DefaultStorageClass: CREATE, DefaultTolerationSeconds: WRITE, DenyServiceExternalIPs: WRITE,
  EventRateLimit: WRITE, ExtendedResourceToleration: WRITE, LimitRanger: WRITE, MutatingAdmissionPolicy: ALL,
  MutatingAdmissionWebhook: ALL, NamespaceLifecycle: CHANGE, NodeRestriction: CHANGE, PersistentVolumeClaimResize: UPDATE,
  PodNodeSelector: CREATE, PodSecurity: WRITE, PodTolerationRestriction: WRITE, Priority: WRITE, ResourceQuota: WRITE,
  RuntimeClass: CREATE, ServiceAccount: WRITE, StorageObjectInUseProtection: CREATE, TaintNodesByCondition: CREATE,
  ValidatingAdmissionPolicy: ALL, ValidatingAdmissionWebhook: ALL,
}))
const NONE: readonly Operation[] = []

/** None for checks that Kubernetes does not make in a plug-in: of those only the requests count that concern them. */
export function handledOperations(plugin: string): readonly Operation[] {
  return HANDLED.get(plugin) ?? NONE
}
