import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { ResourceDefinition, StatusSubresource } from './definition.ts'
import { kinds } from './generated/kinds.ts'
import type { CertificateSigningRequest, Namespace, Pod } from './generated/types.ts'
import { mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings } from './kinds/admission/mutating-admission-policy.ts'
import { validatingAdmissionPolicyBindings } from './kinds/admission/validating-admission-policy-binding.ts'
import { validatingAdmissionPolicies } from './kinds/admission/validating-admission-policy.ts'
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from './kinds/admission/webhook-configuration.ts'
import { apiServices } from './kinds/api-service.ts'
import { autoscalerConversion, autoscalingV1HorizontalPodAutoscalers } from './kinds/autoscaler/autoscaling-v1.ts'
import { horizontalPodAutoscalers } from './kinds/autoscaler/horizontal-pod-autoscaler.ts'
import { bindings } from './kinds/binding.ts'
import { certificateSigningRequests, requestApproval } from './kinds/certificate-signing-request/certificate-signing-request.ts'
import { clusterRoleBindings } from './kinds/cluster-role-binding.ts'
import { clusterRoles } from './kinds/cluster-role.ts'
import { componentStatuses } from './kinds/component-status.ts'
import { configMaps } from './kinds/config-map.ts'
import { controllerRevisions } from './kinds/controller-revision.ts'
import { cronJobs } from './kinds/cron-job/cron-job.ts'
import { csiDrivers } from './kinds/csi-driver.ts'
import { csiNodes } from './kinds/csi-node.ts'
import { csiStorageCapacities } from './kinds/csi-storage-capacity.ts'
import { customResourceDefinitions } from './kinds/custom-resource-definition/custom-resource-definition.ts'
import { daemonSets } from './kinds/daemon-set.ts'
import { deployments } from './kinds/deployment.ts'
import { deviceClasses } from './kinds/device-claim/device-class.ts'
import { resourceClaims, resourceClaimTemplates } from './kinds/device-claim/resource-claim.ts'
import { resourceSlices } from './kinds/device-claim/resource-slice.ts'
import { endpointSlices } from './kinds/endpoint-slice.ts'
import { endpoints } from './kinds/endpoints.ts'
import type { KindConversion } from './kinds/event-conversion.ts'
import { eventConversion } from './kinds/event-conversion.ts'
import { events } from './kinds/event.ts'
import { eventsV1Events } from './kinds/events-v1-event.ts'
import { flowSchemas } from './kinds/flow-control/flow-schema.ts'
import { priorityLevelConfigurations } from './kinds/flow-control/priority-level-configuration.ts'
import { ingressClasses } from './kinds/ingress-class.ts'
import { ingresses } from './kinds/ingress.ts'
import { jobs } from './kinds/job/job.ts'
import { leases } from './kinds/lease.ts'
import { limitRanges } from './kinds/limit-range.ts'
import { namespaceFinalize, namespaces } from './kinds/namespace.ts'
import { networkPolicies } from './kinds/network-policy.ts'
import { nodes } from './kinds/node.ts'
import { podDisruptionBudgets } from './kinds/pod-disruption-budget.ts'
import { podTemplates } from './kinds/pod-template.ts'
import { podEphemeralContainers, podResize, pods } from './kinds/pod/pod.ts'
import { priorityClasses } from './kinds/priority-class.ts'
import { replicaSets } from './kinds/replica-set.ts'
import { replicationControllers } from './kinds/replication-controller.ts'
import { resourceQuotas } from './kinds/resource-quota.ts'
import {
  localSubjectAccessReviews, selfSubjectAccessReviews, selfSubjectReviews, selfSubjectRulesReviews, subjectAccessReviews, tokenReviews,
} from './kinds/reviews.ts'
import { roleBindings } from './kinds/role-binding.ts'
import { roles } from './kinds/role.ts'
import { runtimeClasses } from './kinds/runtime-class.ts'
import { secrets } from './kinds/secret.ts'
import { serviceAccounts } from './kinds/service-account.ts'
import { services } from './kinds/service/service.ts'
import { statefulSets } from './kinds/stateful-set.ts'
import { storageClasses } from './kinds/storage-class.ts'
import { volumeAttachments } from './kinds/volume-attachment.ts'
import { persistentVolumeClaims } from './kinds/volume/persistent-volume-claim.ts'
import { persistentVolumes } from './kinds/volume/persistent-volume.ts'

/** Everything that is served, group by group in the order of discovery. A new kind is a row here. */
const served: readonly ResourceDefinition[] = [
  bindings, componentStatuses, configMaps, endpoints, events, limitRanges, namespaces, nodes, persistentVolumeClaims, persistentVolumes,
  pods, podTemplates, replicationControllers, resourceQuotas, secrets, serviceAccounts, services,
  controllerRevisions, daemonSets, deployments, replicaSets, statefulSets,
  selfSubjectReviews, tokenReviews,
  localSubjectAccessReviews, selfSubjectAccessReviews, selfSubjectRulesReviews, subjectAccessReviews,
  horizontalPodAutoscalers, autoscalingV1HorizontalPodAutoscalers,
  cronJobs, jobs,
  leases,
  endpointSlices,
  eventsV1Events,
  runtimeClasses,
  podDisruptionBudgets,
  clusterRoleBindings, clusterRoles, roleBindings, roles,
  priorityClasses,
  networkPolicies, ingressClasses, ingresses,
  csiDrivers, csiNodes, csiStorageCapacities, storageClasses, volumeAttachments,
  mutatingWebhookConfigurations, validatingAdmissionPolicies, validatingAdmissionPolicyBindings, validatingWebhookConfigurations,
  mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings,
  customResourceDefinitions,
  apiServices,
  certificateSigningRequests,
  flowSchemas, priorityLevelConfigurations,
  deviceClasses, resourceClaims, resourceClaimTemplates, resourceSlices,
]

export function servedResources(): readonly ResourceDefinition[] {
  return served
}

export function kindConversions(): readonly KindConversion[] {
  return [autoscalerConversion, eventConversion]
}

/** A subresource whose body is the object itself, as status is: only a part of it is taken over. */
export interface FacetDefinition<T extends KubeObject = KubeObject> {
  readonly kind: KindRef<T>
  readonly subresource: string
  readonly update: StatusSubresource<T>
}

const finalize: FacetDefinition<Namespace> = { kind: kinds.Namespace, subresource: 'finalize', update: namespaceFinalize }
const ephemeralContainers: FacetDefinition<Pod> = { kind: kinds.Pod, subresource: 'ephemeralcontainers', update: podEphemeralContainers }
const resize: FacetDefinition<Pod> = { kind: kinds.Pod, subresource: 'resize', update: podResize }
const approval: FacetDefinition<CertificateSigningRequest> = {
  kind: kinds.CertificateSigningRequest, subresource: 'approval', update: requestApproval,
}

export function facets(): readonly FacetDefinition[] {
  return [finalize, ephemeralContainers, resize, approval]
}
