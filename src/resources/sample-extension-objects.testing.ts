import type { KubeObject } from '../objects/kube-object.ts'
import type {
  APIService, CertificateSigningRequest, CSIDriver, CSINode, CSIStorageCapacity, CustomResourceDefinition,
  DeviceClass, FlowSchema, Ingress, IngressClass,
  MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, MutatingWebhookConfiguration, NetworkPolicy, PriorityLevelConfiguration,
  ResourceClaimTemplate, ResourceSlice, ResourceV1beta1ResourceClaim,
  StorageClass, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration, VolumeAttachment,
} from './generated/types.ts'
import { REQUEST_PEM } from './sample-certificates.testing.ts'

/** The least valid objects of what extends a cluster, connects it and stores for it. */
const namespaced = { name: 'a', namespace: 'default' }
const cluster = { name: 'a' }
const REGISTRATION = 'admissionregistration.k8s.io'

export const sampleNetworkPolicy = (): NetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { ...namespaced },
  spec: { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ ports: [{ port: 80 }], from: [{ podSelector: {} }] }] },
})

export const sampleIngress = (): Ingress => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { ...namespaced },
  spec: {
    rules: [{
      host: 'web.example.com',
      http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }] },
    }],
  },
})

export const sampleIngressClass = (): IngressClass => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { ...cluster }, spec: { controller: 'example.com/ingress' },
})

export const sampleStorageClass = (): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { ...cluster }, provisioner: 'disk.example.com',
})

export const sampleVolumeAttachment = (): VolumeAttachment => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { ...cluster },
  spec: { attacher: 'disk.example.com', nodeName: 'worker', source: { persistentVolumeName: 'disk' } },
})

export const sampleCsiDriver = (): CSIDriver => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: 'disk.example.com' }, spec: {},
})

export const sampleCsiNode = (): CSINode => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name: 'worker' },
  spec: { drivers: [{ name: 'disk.example.com', nodeID: 'n1', topologyKeys: ['example.com/zone'], allocatable: { count: 8 } }] },
})

export const sampleCsiStorageCapacity = (): CSIStorageCapacity => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity', metadata: { ...namespaced }, storageClassName: 'fast', capacity: '10Gi',
})

export const sampleMutatingWebhooks = (): MutatingWebhookConfiguration => ({
  apiVersion: `${REGISTRATION}/v1`, kind: 'MutatingWebhookConfiguration', metadata: { ...cluster },
  webhooks: [{
    name: 'pods.hooks.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None',
    clientConfig: { service: { name: 'hooks', namespace: 'default' } },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
  }],
})

export const sampleValidatingWebhooks = (): ValidatingWebhookConfiguration => ({
  ...sampleMutatingWebhooks(), kind: 'ValidatingWebhookConfiguration',
})

const MATCH = { resourceRules: [{ operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }] }

export const sampleValidatingPolicy = (): ValidatingAdmissionPolicy => ({
  apiVersion: `${REGISTRATION}/v1`, kind: 'ValidatingAdmissionPolicy', metadata: { ...cluster },
  spec: { matchConstraints: structuredMatch(), validations: [{ expression: 'object.spec.replicas <= 5' }] },
})

export const sampleValidatingBinding = (): ValidatingAdmissionPolicyBinding => ({
  apiVersion: `${REGISTRATION}/v1`, kind: 'ValidatingAdmissionPolicyBinding', metadata: { ...cluster },
  spec: { policyName: 'a', validationActions: ['Deny'] },
})

export const sampleMutatingPolicy = (): MutatingAdmissionPolicy => ({
  apiVersion: `${REGISTRATION}/v1alpha1`, kind: 'MutatingAdmissionPolicy', metadata: { ...cluster },
  spec: {
    matchConstraints: structuredMatch(), reinvocationPolicy: 'Never',
    mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } }],
  },
})

export const sampleMutatingBinding = (): MutatingAdmissionPolicyBinding => ({
  apiVersion: `${REGISTRATION}/v1alpha1`, kind: 'MutatingAdmissionPolicyBinding', metadata: { ...cluster }, spec: { policyName: 'a' },
})

function structuredMatch(): typeof MATCH {
  return { resourceRules: MATCH.resourceRules.map((rule) => ({ ...rule })) }
}

export const sampleApiService = (): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1.example.com' },
  spec: {
    group: 'example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 15, service: { name: 'api', namespace: 'default' },
    insecureSkipTLSVerify: true,
  },
})

export const sampleSigningRequest = (): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { ...cluster },
  spec: { request: REQUEST_PEM, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
})

export const sampleFlowSchema = (): FlowSchema => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', metadata: { ...cluster },
  spec: {
    priorityLevelConfiguration: { name: 'workload-low' },
    rules: [{
      subjects: [{ kind: 'User', user: { name: 'alice' } }],
      resourceRules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }],
    }],
  },
})

export const samplePriorityLevel = (): PriorityLevelConfiguration => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'PriorityLevelConfiguration', metadata: { ...cluster },
  spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
})

export const sampleDefinition = (): CustomResourceDefinition => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' },
    versions: [{
      name: 'v1', served: true, storage: true,
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } } },
    }],
  },
})

const DEVICES = 'resource.k8s.io/v1beta1'

export const sampleDeviceClass = (): DeviceClass => ({
  apiVersion: DEVICES, kind: 'DeviceClass', metadata: { ...cluster },
  spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }] },
})

export const sampleClaim = (): ResourceV1beta1ResourceClaim => ({
  apiVersion: DEVICES, kind: 'ResourceClaim', metadata: { ...namespaced },
  spec: { devices: { requests: [{ name: 'gpu', deviceClassName: 'gpu.example.com' }] } },
})

export const sampleClaimTemplate = (): ResourceClaimTemplate => ({
  apiVersion: DEVICES, kind: 'ResourceClaimTemplate', metadata: { ...namespaced }, spec: { spec: sampleClaim().spec },
})

export const sampleSlice = (): ResourceSlice => ({
  apiVersion: DEVICES, kind: 'ResourceSlice', metadata: { ...cluster },
  spec: {
    driver: 'gpu.example.com', nodeName: 'worker', pool: { name: 'worker', generation: 1, resourceSliceCount: 1 },
    devices: [{ name: 'gpu-0', basic: { attributes: { model: { string: 'a100' } }, capacity: { memory: { value: '40Gi' } } } }],
  },
})

export const extensionSamples: Readonly<Record<string, () => KubeObject>> = {
  NetworkPolicy: sampleNetworkPolicy, Ingress: sampleIngress, IngressClass: sampleIngressClass, StorageClass: sampleStorageClass,
  VolumeAttachment: sampleVolumeAttachment, CSIDriver: sampleCsiDriver, CSINode: sampleCsiNode,
  CSIStorageCapacity: sampleCsiStorageCapacity,
  MutatingWebhookConfiguration: sampleMutatingWebhooks, ValidatingWebhookConfiguration: sampleValidatingWebhooks,
  ValidatingAdmissionPolicy: sampleValidatingPolicy, ValidatingAdmissionPolicyBinding: sampleValidatingBinding,
  MutatingAdmissionPolicy: sampleMutatingPolicy, MutatingAdmissionPolicyBinding: sampleMutatingBinding,
  CustomResourceDefinition: sampleDefinition, APIService: sampleApiService,
  CertificateSigningRequest: sampleSigningRequest, FlowSchema: sampleFlowSchema, PriorityLevelConfiguration: samplePriorityLevel,
  DeviceClass: sampleDeviceClass, ResourceClaim: sampleClaim, ResourceClaimTemplate: sampleClaimTemplate, ResourceSlice: sampleSlice,
}
