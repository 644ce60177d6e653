/** What a quota counts, by the words of a path. */
export interface Resource {
  readonly group: string
  readonly plural: string
}

/** Kinds that had a name of their own before there was count/. */
export const LEGACY_COUNTS: ReadonlySet<string> = new Set(['configmaps', 'secrets', 'replicationcontrollers', 'resourcequotas'])

const POD_NAMES: ReadonlySet<string> = new Set([
  'count/pods', 'pods', ...['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
])
const SERVICE_NAMES: ReadonlySet<string> = new Set(['count/services', 'services', 'services.loadbalancers', 'services.nodeports'])
const CLAIM_NAMES: ReadonlySet<string> = new Set(['count/persistentvolumeclaims', 'persistentvolumeclaims', 'requests.storage'])
const CLASS_SUFFIX = '.storageclass.storage.k8s.io/'

/** count/pods, count/deployments.apps */
export function countName({ group, plural }: Resource): string {
  return group === '' ? `count/${plural}` : `count/${plural}.${group}`
}

/** gold.storageclass.storage.k8s.io/requests.storage */
export function storageClassName(storageClass: string, name: string): string {
  return `${storageClass}${CLASS_SUFFIX}${name}`
}

/** example.com/gpu: what nodes offer beside what Kubernetes knows itself. */
export function isExtendedResource(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.')
}

/** Events are never counted: they are many, and they go by themselves. */
export function isCountable({ group, plural }: Resource): boolean {
  return plural !== 'events' || (group !== '' && group !== 'events.k8s.io')
}

/** Whether objects of the resource use what a quota calls by that name. */
export function isOfResource(resource: Resource, name: string): boolean {
  const { group, plural } = resource
  if (group === '') {
    switch (plural) {
      case 'pods': return POD_NAMES.has(name) || isPodPrefix(name)
      case 'services': return SERVICE_NAMES.has(name)
      case 'persistentvolumeclaims': return CLAIM_NAMES.has(name) || isOfStorageClass(name)
    }
    if (name === plural) return LEGACY_COUNTS.has(name)
  }
  return name.startsWith('count/') && name === countName(resource) && isCountable(resource)
}

function isPodPrefix(name: string): boolean {
  if (name.startsWith('hugepages-') || name.startsWith('requests.hugepages-')) return true
  return name.startsWith('requests.') && isExtendedResource(name.slice('requests.'.length))
}

function isOfStorageClass(name: string): boolean {
  return name.endsWith(`${CLASS_SUFFIX}persistentvolumeclaims`) || name.endsWith(`${CLASS_SUFFIX}requests.storage`)
}

/** Quotas that name them want every container to say how much it needs. */
export const MUST_BE_SET: ReadonlySet<string> = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])
