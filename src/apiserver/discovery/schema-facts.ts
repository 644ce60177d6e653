import type { OpenApiSchema } from './openapi-schema.ts'

/** What the documents say beyond the schema tables; the server itself does not read it there. Keys: DEFINITION FIELD. */

/** Fields that hold any value, and the definition that says so. */
export const opaqueFields: Readonly<Record<string, string>> = {
  'apps.v1.ControllerRevision data': 'runtime.RawExtension',
  'meta.v1.ManagedFieldsEntry fieldsV1': 'meta.v1.FieldsV1',
  'meta.v1.WatchEvent object': 'runtime.RawExtension',
  'resource.v1beta1.AllocatedDeviceStatus data': 'runtime.RawExtension',
  'resource.v1beta1.OpaqueDeviceConfiguration parameters': 'runtime.RawExtension',
  'apiextensions.v1.CustomResourceSubresources status': 'apiextensions.v1.CustomResourceSubresourceStatus',
  'apiextensions.v1.JSONSchemaProps additionalItems': 'apiextensions.v1.JSONSchemaPropsOrBool',
  'apiextensions.v1.JSONSchemaProps additionalProperties': 'apiextensions.v1.JSONSchemaPropsOrBool',
  'apiextensions.v1.JSONSchemaProps default': 'apiextensions.v1.JSON',
  'apiextensions.v1.JSONSchemaProps dependencies': 'apiextensions.v1.JSONSchemaPropsOrStringArray',
  'apiextensions.v1.JSONSchemaProps enum': 'apiextensions.v1.JSON',
  'apiextensions.v1.JSONSchemaProps example': 'apiextensions.v1.JSON',
  'apiextensions.v1.JSONSchemaProps items': 'apiextensions.v1.JSONSchemaPropsOrArray',
}

/** Definitions without fields. */
export const opaqueDefinitions: Readonly<Record<string, OpenApiSchema>> = {
  'runtime.RawExtension': { type: 'object' },
  'meta.v1.FieldsV1': { type: 'object' },
  'meta.v1.Patch': { type: 'object' },
  'apiextensions.v1.CustomResourceSubresourceStatus': { type: 'object' },
  'apiextensions.v1.JSON': {},
  'apiextensions.v1.JSONSchemaPropsOrArray': {},
  'apiextensions.v1.JSONSchemaPropsOrBool': {},
  'apiextensions.v1.JSONSchemaPropsOrStringArray': {},
}

/** Of several fields only the one that the discriminator names may be set. */
export const unions: Readonly<Record<string, { readonly discriminator: string; readonly fields: Readonly<Record<string, string>> }>> = {
  'core.v1.AppArmorProfile': { discriminator: 'type', fields: { localhostProfile: 'LocalhostProfile' } },
  'core.v1.SeccompProfile': { discriminator: 'type', fields: { localhostProfile: 'LocalhostProfile' } },
  'flowcontrol.v1.LimitResponse': { discriminator: 'type', fields: { queuing: 'Queuing' } },
  'flowcontrol.v1.PriorityLevelConfigurationSpec': { discriminator: 'type', fields: { exempt: 'Exempt', limited: 'Limited' } },
  'flowcontrol.v1.Subject': { discriminator: 'kind', fields: { group: 'Group', serviceAccount: 'ServiceAccount', user: 'User' } },
}

/** Where server-side apply merges although the definition is atomic elsewhere. */
export const granularFields: ReadonlySet<string> = new Set([
  'core.v1.PersistentVolumeSpec claimRef', 'core.v1.PersistentVolumeClaimStatus allocatedResourceStatuses',
])

/** Where a strategic merge replaces what it would merge elsewhere. */
export const replacedFields: ReadonlySet<string> = new Set(['policy.v1.PodDisruptionBudgetSpec selector'])

/** Parts of an object that are never absent, only empty, beside the metadata, spec and status of kinds. */
export const presentObjects: ReadonlySet<string> = new Set([
  'apps.v1.DaemonSetSpec template', 'apps.v1.DaemonSetSpec updateStrategy', 'apps.v1.DeploymentSpec strategy', 'apps.v1.DeploymentSpec template',
  'apps.v1.ReplicaSetSpec template', 'apps.v1.StatefulSetSpec template', 'apps.v1.StatefulSetSpec updateStrategy',
  'batch.v1.CronJobSpec jobTemplate', 'batch.v1.JobSpec template', 'batch.v1.JobTemplateSpec metadata', 'batch.v1.JobTemplateSpec spec',
  'core.v1.Container resources', 'core.v1.EphemeralContainer resources', 'core.v1.PersistentVolumeClaimSpec resources',
  'core.v1.PersistentVolumeClaimTemplate metadata', 'core.v1.PersistentVolumeClaimTemplate spec', 'core.v1.PodTemplateSpec metadata',
  'core.v1.PodTemplateSpec spec', 'core.v1.PreferredSchedulingTerm preference', 'core.v1.WeightedPodAffinityTerm podAffinityTerm',
])

/** Defaults that belong to the schema: apply needs those of the keys of lists. */
export const defaults: Readonly<Record<string, string | boolean | number>> = {
  'apps.v1.StatefulSetOrdinals start': 0,
  'apps.v1.StatefulSetStatus availableReplicas': 0,
  'core.v1.AzureDiskVolumeSource cachingMode': 'ReadWrite',
  'core.v1.AzureDiskVolumeSource fsType': 'ext4',
  'core.v1.AzureDiskVolumeSource kind': 'Shared',
  'core.v1.AzureDiskVolumeSource readOnly': false,
  'core.v1.ConfigMapEnvSource name': '',
  'core.v1.ConfigMapKeySelector name': '',
  'core.v1.ConfigMapProjection name': '',
  'core.v1.ConfigMapVolumeSource name': '',
  'core.v1.ContainerPort protocol': 'TCP',
  'core.v1.GRPCAction service': '',
  'core.v1.ISCSIPersistentVolumeSource iscsiInterface': 'default',
  'core.v1.ISCSIVolumeSource iscsiInterface': 'default',
  'core.v1.LocalObjectReference name': '',
  'core.v1.RBDPersistentVolumeSource keyring': '/etc/ceph/keyring',
  'core.v1.RBDPersistentVolumeSource pool': 'rbd',
  'core.v1.RBDPersistentVolumeSource user': 'admin',
  'core.v1.RBDVolumeSource keyring': '/etc/ceph/keyring',
  'core.v1.RBDVolumeSource pool': 'rbd',
  'core.v1.RBDVolumeSource user': 'admin',
  'core.v1.ScaleIOPersistentVolumeSource fsType': 'xfs',
  'core.v1.ScaleIOPersistentVolumeSource storageMode': 'ThinProvisioned',
  'core.v1.ScaleIOVolumeSource fsType': 'xfs',
  'core.v1.ScaleIOVolumeSource storageMode': 'ThinProvisioned',
  'core.v1.SecretEnvSource name': '',
  'core.v1.SecretKeySelector name': '',
  'core.v1.SecretProjection name': '',
  'core.v1.ServicePort protocol': 'TCP',
}
