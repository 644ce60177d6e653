import { apiVersionOf } from '../../objects/kind.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ConfigMap, EndpointSlice, Endpoints, Namespace, Service } from '../../resources/generated/types.ts'

export interface ApiEndpoint {
  /** First address of the service range: 10.96.0.1. */
  readonly serviceAddress: string
  /** Where pods reach the API server: an address of this machine that is not loopback, and the port it listens on. */
  readonly address: string
  readonly port: number
}

/** What other API servers need to know of this one, to trust what it says of users. */
export interface AuthenticationFacts {
  readonly clientCaPem: string
  readonly frontProxyCaPem: string
  readonly frontProxyName: string
}

/** Where aggregated API servers look for it (kube-system/extension-apiserver-authentication). */
export function extensionAuthentication({ clientCaPem, frontProxyCaPem, frontProxyName }: AuthenticationFacts): ConfigMap {
  return {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      'client-ca-file': clientCaPem,
      'requestheader-client-ca-file': frontProxyCaPem,
      'requestheader-allowed-names': JSON.stringify([frontProxyName]),
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    },
  }
}

export const systemNamespaces: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

export function namespaceObject(name: string): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
}

const NAME = { name: 'kubernetes', namespace: 'default' }

/** default/kubernetes, through which pods reach the API. */
export function apiService(endpoint: ApiEndpoint): Service {
  return {
    apiVersion: 'v1', kind: 'Service',
    metadata: { ...NAME, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP', clusterIP: endpoint.serviceAddress, clusterIPs: [endpoint.serviceAddress],
      ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: endpoint.port }], sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
    },
  }
}

/** No selector: the server itself says where it is. */
export function apiEndpoints(endpoint: ApiEndpoint): Endpoints {
  return {
    apiVersion: 'v1', kind: 'Endpoints', metadata: { ...NAME, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: endpoint.address }], ports: [{ name: 'https', port: endpoint.port, protocol: 'TCP' }] }],
  }
}

export function apiEndpointSlice(endpoint: ApiEndpoint): EndpointSlice {
  return {
    apiVersion: apiVersionOf(kinds.EndpointSlice), kind: 'EndpointSlice',
    metadata: { ...NAME, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4', endpoints: [{ addresses: [endpoint.address], conditions: { ready: true } }],
    ports: [{ name: 'https', port: endpoint.port, protocol: 'TCP' }],
  }
}
