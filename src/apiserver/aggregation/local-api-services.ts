import { apiVersionOf } from '../../objects/kind.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { APIService } from '../../resources/generated/types.ts'

const MANAGED = 'kube-aggregator.kubernetes.io/automanaged'

/** In which order clients look for a short name: upstream's numbers. */
const GROUP_PRIORITY: Readonly<Record<string, number>> = {
  '': 18_000, 'events.k8s.io': 17_750, apps: 17_800, 'authentication.k8s.io': 17_700, 'authorization.k8s.io': 17_600,
  autoscaling: 17_500, batch: 17_400,
  'certificates.k8s.io': 17_300, 'networking.k8s.io': 17_200, policy: 17_100, 'rbac.authorization.k8s.io': 17_000, 'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700, 'admissionregistration.k8s.io': 16_700, 'scheduling.k8s.io': 16_600, 'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300, 'discovery.k8s.io': 16_200, 'flowcontrol.apiserver.k8s.io': 16_100,
  'internal.apiserver.k8s.io': 16_000, 'resource.k8s.io': 16_200,
}
const CUSTOM_GROUP_PRIORITY = 1_000
/** Nobody stands before it. */
const OWN_GROUP_PRIORITY = 20_000
const CUSTOM_VERSION_PRIORITY = 100
/** Stable versions first: v2 before v1, both before v1beta1. */
const VERSION_PRIORITY: Readonly<Record<string, number>> = {
  v2: 30, v1: 15, v1beta3: 11, v1beta2: 10, v1beta1: 9, v1alpha3: 7, v1alpha2: 6, v1alpha1: 1,
}

export function groupPriorityOf(group: string): number {
  return group === kinds.APIService.group ? OWN_GROUP_PRIORITY : (GROUP_PRIORITY[group] ?? CUSTOM_GROUP_PRIORITY)
}

export function versionPriorityOf(group: string, version: string): number {
  return group in GROUP_PRIORITY ? (VERSION_PRIORITY[version] ?? 1) : CUSTOM_VERSION_PRIORITY
}

/** What this server serves itself, as kubectl get apiservices shows it. */
export function localApiServices(
  served: readonly { readonly group: string; readonly version: string }[], builtIn: ReadonlySet<string>,
): readonly APIService[] {
  const groupVersions = new Map(served.map((kind) => [apiVersionOf(kind), kind]))
  return [...groupVersions].filter(([, { group }]) => group !== kinds.APIService.group).map(([apiVersion, { group, version }]) => {
    const isBuiltIn = builtIn.has(apiVersion)
    return {
      apiVersion: apiVersionOf(kinds.APIService), kind: 'APIService',
      metadata: { name: `${version}.${group}`, labels: { [MANAGED]: isBuiltIn ? 'onstart' : 'true' } },
      spec: {
        ...(group === '' ? {} : { group }), version,
        groupPriorityMinimum: isBuiltIn ? (GROUP_PRIORITY[group] ?? CUSTOM_GROUP_PRIORITY) : CUSTOM_GROUP_PRIORITY,
        versionPriority: group === '' ? 1 : isBuiltIn ? (VERSION_PRIORITY[version] ?? 1) : CUSTOM_VERSION_PRIORITY,
      },
    }
  })
}

/** Made by a server for itself, not by a user. */
export function isManaged({ metadata }: APIService): boolean {
  return metadata.labels?.[MANAGED] !== undefined
}
