import type { PolicyRule } from '../../resources/generated/types.ts'
import { certificateControllerRules } from './certificate-roles.ts'
import { EVENT_RULES, READ, namedRule, rule } from './rule.ts'

/** What the cluster's parts may do. Nodes are further limited to what concerns them by the node authorizer and NodeRestriction. */
export const nodeRules: readonly PolicyRule[] = [
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  rule(READ, '', 'services namespaces'),
  rule(READ, 'discovery.k8s.io', 'endpointslices'),
  rule('create get list watch', '', 'nodes'),
  rule('patch update', '', 'nodes nodes/status'),
  rule('create delete get list watch', '', 'pods'),
  rule('patch update', '', 'pods/status'),
  rule('create', '', 'pods/eviction'),
  rule('create', '', 'serviceaccounts/token'),
  rule('get', '', 'endpoints serviceaccounts'),
  rule(READ, '', 'configmaps secrets'),
  rule('get', '', 'persistentvolumeclaims persistentvolumes'),
  rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
  rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  rule('get', 'storage.k8s.io', 'volumeattachments'),
  rule(READ, 'storage.k8s.io', 'csidrivers'),
  rule('create delete get patch update', 'storage.k8s.io', 'csinodes'),
  rule(READ, 'node.k8s.io', 'runtimeclasses'),
  rule(READ, 'networking.k8s.io', 'networkpolicies'),
  rule('get', 'resource.k8s.io', 'resourceclaims'),
  rule('deletecollection', 'resource.k8s.io', 'resourceslices'),
  ...EVENT_RULES,
]

export const schedulerRules: readonly PolicyRule[] = [
  ...EVENT_RULES,
  rule('create', 'coordination.k8s.io', 'leases'),
  namedRule('get patch update', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
  rule(READ, '', 'namespaces nodes'),
  rule('delete get list watch', '', 'pods'),
  rule('create', '', 'bindings pods/binding'),
  rule('patch update', '', 'pods/status'),
  rule(READ, '', 'replicationcontrollers services'),
  rule(READ, 'apps', 'replicasets statefulsets'),
  rule(READ, 'policy', 'poddisruptionbudgets'),
  rule(READ, '', 'persistentvolumeclaims persistentvolumes'),
  rule(READ, 'storage.k8s.io', 'csidrivers csinodes csistoragecapacities storageclasses volumeattachments'),
  rule(READ, 'scheduling.k8s.io', 'priorityclasses'),
  rule(READ, 'resource.k8s.io', 'deviceclasses resourceslices'),
  rule('get list patch update watch', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
]

export const controllerManagerRules: readonly PolicyRule[] = [
  ...EVENT_RULES,
  rule('create', 'coordination.k8s.io', 'leases'),
  namedRule('get patch update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
  rule('create', '', 'secrets serviceaccounts'),
  rule('delete', '', 'secrets'),
  rule('get', '', 'configmaps namespaces secrets serviceaccounts'),
  rule('update', '', 'secrets serviceaccounts'),
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  rule('list watch', '*', '*'),
  rule('create', '', 'serviceaccounts/token'),
]

export const nodeProxierRules: readonly PolicyRule[] = [
  rule('list watch', '', 'endpoints services'), rule(READ, '', 'nodes'), rule('list watch', 'discovery.k8s.io', 'endpointslices'),
  rule('list watch', 'networking.k8s.io', 'servicecidrs'), ...EVENT_RULES,
]

export const dnsRules: readonly PolicyRule[] = [
  rule('list watch', '', 'endpoints namespaces pods services'), rule('list watch', 'discovery.k8s.io', 'endpointslices'),
]

export const authDelegatorRules: readonly PolicyRule[] = [
  rule('create', 'authentication.k8s.io', 'tokenreviews'), rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
]

export const nodeBootstrapperRules: readonly PolicyRule[] = [
  rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
]

export const kubeletApiAdminRules: readonly PolicyRule[] = [
  rule(READ, '', 'nodes'), rule('proxy', '', 'nodes'), rule('*', '', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
]

export const aggregatorRules: readonly PolicyRule[] = [
  rule(READ, '', 'endpoints services'), rule(READ, 'discovery.k8s.io', 'endpointslices'),
]

/** Sees everything, for graphs and dashboards that follow owners: only in the roles of the collectors below. */
const EVERYTHING_DELETABLE: readonly PolicyRule[] = [rule('delete get list patch update watch', '*', '*')]

/** Binds volumes to claims while it places pods. */
export const volumeSchedulerRules: readonly PolicyRule[] = [
  rule([...READ, 'patch', 'update'], '', 'persistentvolumeclaims persistentvolumes'), rule(READ, 'storage.k8s.io', 'storageclasses'),
]

/** For provisioners that operators run. */
export const volumeProvisionerRules: readonly PolicyRule[] = [
  rule('create delete get list watch', '', 'persistentvolumes'), rule('get list update watch', '', 'persistentvolumeclaims'),
  rule(READ, 'storage.k8s.io', 'storageclasses'), rule('watch', '', 'events'), ...EVENT_RULES,
]

export const nodeProblemDetectorRules: readonly PolicyRule[] = [rule('get', '', 'nodes'), rule('patch', '', 'nodes/status'), ...EVENT_RULES]

/** Each built-in controller and what it does beside writing events: bound to the service account of that name in kube-system. */
export const controllerRules: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    rule('list watch', '', 'persistentvolumeclaims persistentvolumes pods'), rule(READ, '', 'nodes'),
    rule('patch update', '', 'nodes/status'),
    rule('create delete get list watch', 'storage.k8s.io', 'volumeattachments'), rule(READ, 'storage.k8s.io', 'csidrivers csinodes'),
  ],
  'certificate-controller': certificateControllerRules,
  'cronjob-controller': [
    rule('get list update watch', 'batch', 'cronjobs'), rule('create delete get list patch update watch', 'batch', 'jobs'),
    rule('update', 'batch', 'cronjobs/finalizers cronjobs/status'), rule('delete list', '', 'pods'),
  ],
  'daemon-set-controller': [
    rule(READ, 'apps', 'daemonsets'), rule('patch update', 'apps', 'daemonsets/status'), rule('update', 'apps', 'daemonsets/finalizers'),
    rule('list watch', '', 'nodes'), rule('create delete list patch watch', '', 'pods'), rule('create', '', 'pods/binding'),
    rule('create delete get list patch update watch', 'apps', 'controllerrevisions'),
  ],
  'deployment-controller': [
    rule('get list update watch', 'apps', 'deployments'), rule('patch update', 'apps', 'deployments/status'),
    rule('update', 'apps', 'deployments/finalizers'), rule('create delete get list patch update watch', 'apps', 'replicasets'),
    rule('get list update watch', '', 'pods'),
  ],
  'disruption-controller': [
    rule(READ, 'apps', 'deployments replicasets statefulsets'), rule(READ, '', 'pods replicationcontrollers'),
    rule(READ, 'policy', 'poddisruptionbudgets'),
    rule('patch update', 'policy', 'poddisruptionbudgets/status'), rule('patch update', '', 'pods/status'), rule('get', '*', '*/scale'),
  ],
  'endpoint-controller': [
    rule(READ, '', 'pods services'), rule('create delete get list update patch watch', '', 'endpoints'),
    rule('create', '', 'endpoints/restricted'),
  ],
  'endpointslice-controller': [
    rule(READ, '', 'nodes pods services'), rule('update', '', 'services/finalizers'),
    rule('create delete get list update patch watch', 'discovery.k8s.io', 'endpointslices'),
    rule('create', 'discovery.k8s.io', 'endpointslices/restricted'),
  ],
  'endpointslicemirroring-controller': [
    rule(READ, '', 'endpoints services'), rule('update', '', 'endpoints/finalizers services/finalizers'),
    rule('create delete get list update patch watch', 'discovery.k8s.io', 'endpointslices'),
    rule('create', 'discovery.k8s.io', 'endpointslices/restricted'),
  ],
  'ephemeral-volume-controller': [
    rule(READ, '', 'pods'), rule('update', '', 'pods/finalizers'), rule('create get list watch', '', 'persistentvolumeclaims'),
  ],
  'expand-controller': [
    rule('get list patch update watch', '', 'persistentvolumes'), rule(READ, '', 'persistentvolumeclaims'),
    rule('patch update', '', 'persistentvolumeclaims/status'), rule(READ, 'storage.k8s.io', 'storageclasses'),
    rule('get', '', 'endpoints secrets services'),
  ],
  'generic-garbage-collector': EVERYTHING_DELETABLE,
  'horizontal-pod-autoscaler': [
    rule(READ, 'autoscaling', 'horizontalpodautoscalers'), rule('patch update', 'autoscaling', 'horizontalpodautoscalers/status'),
    rule('get update', '*', '*/scale'), rule('list', '', 'pods'), rule('list', 'metrics.k8s.io', 'pods'),
    rule('get list', 'custom.metrics.k8s.io', '*'), rule('get list', 'external.metrics.k8s.io', '*'),
  ],
  'job-controller': [
    rule('get list patch update watch', 'batch', 'jobs'), rule('patch update', 'batch', 'jobs/status'),
    rule('update', 'batch', 'jobs/finalizers'),
    rule('create delete list patch watch', '', 'pods'), rule('patch update', '', 'pods/status'),
  ],
  'namespace-controller': [
    rule(READ, '', 'namespaces'), rule('delete', '', 'namespaces'), rule('patch update', '', 'namespaces/finalize namespaces/status'),
    rule('delete deletecollection get list', '*', '*'),
  ],
  'node-controller': [
    rule('delete get list patch update watch', '', 'nodes'), rule('patch update', '', 'nodes/status'),
    rule('delete get list watch', '', 'pods'),
    rule('patch update', '', 'pods/status'), rule(READ, 'coordination.k8s.io', 'leases'),
  ],
  'persistent-volume-binder': [
    rule('create delete get list update watch', '', 'persistentvolumes'), rule('update', '', 'persistentvolumes/status'),
    rule('get list update watch', '', 'persistentvolumeclaims'), rule('update', '', 'persistentvolumeclaims/status'),
    rule('create delete get list watch', '', 'pods'), rule(READ, 'storage.k8s.io', 'storageclasses'), rule('get list', '', 'nodes'),
    rule('get', '', 'secrets'), rule('watch', '', 'events'),
  ],
  'pod-garbage-collector': [
    rule('delete list watch', '', 'pods'), rule('get list watch', '', 'nodes'), rule('patch update', '', 'pods/status'),
  ],
  'pv-protection-controller': [rule('get list update watch', '', 'persistentvolumes')],
  'pvc-protection-controller': [rule('get list update watch', '', 'persistentvolumeclaims'), rule(READ, '', 'pods')],
  'replicaset-controller': [
    rule('get list update watch', 'apps', 'replicasets'), rule('patch update', 'apps', 'replicasets/status'),
    rule('update', 'apps', 'replicasets/finalizers'), rule('create delete get list patch watch', '', 'pods'),
  ],
  'replication-controller': [
    rule('get list update watch', '', 'replicationcontrollers'), rule('patch update', '', 'replicationcontrollers/status'),
    rule('update', '', 'replicationcontrollers/finalizers'), rule('create delete get list patch watch', '', 'pods'),
  ],
  'resource-claim-controller': [
    rule(READ, '', 'pods'), rule('update', '', 'pods/finalizers'), rule('patch update', '', 'pods/status'),
    rule('create delete get list patch update watch', 'resource.k8s.io', 'resourceclaims'),
    rule('patch update', 'resource.k8s.io', 'resourceclaims/status'), rule(READ, 'resource.k8s.io', 'resourceclaimtemplates'),
  ],
  'resourcequota-controller': [rule('list watch', '*', '*'), rule('patch update', '', 'resourcequotas/status')],
  'root-ca-cert-publisher': [rule('create get list patch update watch', '', 'configmaps'), rule(READ, '', 'namespaces')],
  'service-account-token-controller': [rule('delete get list update watch', '', 'secrets'), rule(READ, '', 'serviceaccounts')],
  'service-account-controller': [rule('create get list watch', '', 'serviceaccounts'), rule(READ, '', 'namespaces')],
  'statefulset-controller': [
    rule(READ, '', 'pods'), rule(READ, 'apps', 'statefulsets'), rule('patch update', 'apps', 'statefulsets/status'),
    rule('update', 'apps', 'statefulsets/finalizers'), rule('create delete get patch update', '', 'pods'),
    rule('create delete get list patch update watch', 'apps', 'controllerrevisions'),
    rule('create delete get list update watch', '', 'persistentvolumeclaims'),
  ],
  'ttl-controller': [rule('list patch update watch', '', 'nodes')],
  'ttl-after-finished-controller': [rule('delete get list watch', 'batch', 'jobs')],
  'validatingadmissionpolicy-status-controller': [
    rule(READ, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
  ],
  'clusterrole-aggregation-controller': [rule('escalate get list patch update watch', 'rbac.authorization.k8s.io', 'clusterroles')],
}

export const extensionAuthenticationRules: readonly PolicyRule[] = [
  namedRule('get list watch', '', 'configmaps', 'extension-apiserver-authentication'),
]

