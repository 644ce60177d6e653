/** Names of definitions in the documents, which clients look for: apps.v1.Deployment -> io.k8s.api.apps.v1.Deployment. */
const PREFIXES: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.',
  version: 'io.k8s.apimachinery.pkg.',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.',
}

export function definitionName(schemaName: string): string {
  const group = schemaName.slice(0, schemaName.indexOf('.'))
  return `${PREFIXES[group] ?? 'io.k8s.api.'}${schemaName}`
}

/** Definitions that stand for scalars with a meaning of their own. */
export const scalarNames = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  'micro-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
} as const

export const patchName = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch'
