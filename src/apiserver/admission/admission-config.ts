import { invalidValue, notSupported, type FieldError } from '../../objects/field-error.ts'
import { policyOf } from '../../policy/pod-security/standard.ts'
import type { ScopedResourceSelectorRequirement } from '../../resources/generated/types.ts'
import { configFailure, readConfigFile, readConfigPart, type ConfigKind } from '../access/config/config-file.ts'
import { defaultAdmission, type AdmissionOptions } from './built-in.ts'
import type { EventLimit } from './event-rate-limit.ts'
import type { PodSecurityOptions } from './pod-security.ts'

const WHAT = 'admission configuration'
const NAMES = { list: 'string' } as const
const FILE: ConfigKind = {
  what: WHAT, kind: 'AdmissionConfiguration', apiVersions: ['apiserver.config.k8s.io/v1', 'apiserver.k8s.io/v1alpha1'],
  fields: { plugins: { list: { fields: { name: 'string', path: 'string', configuration: 'any' } } } },
}
const POD_SECURITY: ConfigKind = {
  what: WHAT, kind: 'PodSecurityConfiguration',
  apiVersions: ['v1', 'v1beta1', 'v1alpha1'].map((version) => `pod-security.admission.config.k8s.io/${version}`),
  fields: {
    defaults: { fields: {
      enforce: 'string', 'enforce-version': 'string', audit: 'string', 'audit-version': 'string', warn: 'string', 'warn-version': 'string',
    } },
    exemptions: { fields: { usernames: NAMES, namespaces: NAMES, runtimeClasses: NAMES } },
  },
}
const EVENT_RATE: ConfigKind = {
  what: WHAT, kind: 'Configuration', apiVersions: ['eventratelimit.admission.k8s.io/v1alpha1'],
  fields: { limits: { list: { fields: { type: 'string', qps: 'number', burst: 'number', cacheSize: 'number' } } } },
}
const QUOTA: ConfigKind = {
  what: WHAT, kind: 'ResourceQuotaConfiguration',
  apiVersions: ['apiserver.config.k8s.io/v1', 'resourcequota.admission.k8s.io/v1', 'resourcequota.admission.k8s.io/v1beta1'],
  fields: { limitedResources: { list: { fields: {
    apiGroup: 'string', resource: 'string', matchContains: NAMES,
    matchScopes: { list: { fields: { scopeName: 'string', operator: 'string', values: NAMES } } },
  } } } },
}
const EVENT_LIMITS: readonly EventLimit['type'][] = ['Server', 'Namespace', 'User', 'SourceAndObject']
const DEFAULT_CACHE_SIZE = 4096

interface Entry {
  readonly name?: string
  readonly path?: string
  readonly configuration?: unknown
}

type Apply = (options: AdmissionOptions, configuration: unknown, problems: FieldError[], path: string) => AdmissionOptions

/** Those that can be configured, and those that are off until the file names them. */
const PLUGINS: ReadonlyMap<string, Apply> = new Map<string, Apply>([
  ['PodSecurity', (options, configuration, problems, path) => ({ ...options, podSecurity: podSecurityOf(configuration, problems, path) })],
  ['EventRateLimit', (options, configuration, problems, path) => (
    { ...options, eventLimits: eventLimitsOf(configuration, problems, path) })],
  ['ResourceQuota', (options, configuration) => ({ ...options, limitedResources: limitedOf(configuration) })],
  ['AlwaysPullImages', (options) => ({ ...options, alwaysPullImages: true })],
  ['DenyServiceExternalIPs', (options) => ({ ...options, denyServiceExternalIps: true })],
  ['ExtendedResourceToleration', (options) => ({ ...options, extendedResourceToleration: true })],
  ['OwnerReferencesPermissionEnforcement', (options) => ({ ...options, ownerReferencePermissions: true })],
  ['PodNodeSelector', (options) => ({ ...options, podNodeSelector: { clusterDefault: '', allowed: {} } })],
  ['PodTolerationRestriction', (options) => ({ ...options, podTolerations: { defaults: [], allowed: [] } })],
])

/** apiserver.config.k8s.io AdmissionConfiguration. A plug-in that it names is on. Throws an Error that names the file and the field. */
export function parseAdmissionConfig(file: string, content: Uint8Array): AdmissionOptions {
  const { plugins } = readConfigFile<{ readonly plugins?: readonly Entry[] | null }>(file, content, FILE)
  const problems: FieldError[] = []
  let options = defaultAdmission
  const seen = new Set<string>()
  for (const [index, { name = '', path, configuration }] of (plugins ?? []).entries()) {
    const at = `plugins[${index}]`
    const apply = PLUGINS.get(name)
    if (apply === undefined) problems.push(notSupported(`${at}.name`, name, [...PLUGINS.keys()]))
    else if (seen.has(name)) problems.push(invalidValue(`${at}.name`, name, 'is there twice'))
    else if (path !== undefined && path !== '') {
      problems.push(invalidValue(`${at}.path`, path, 'put what is in that file into the field configuration'))
    } else options = apply(options, configuration, problems, `${at}.configuration`)
    seen.add(name)
  }
  if (problems.length > 0) throw configFailure(WHAT, file, problems)
  return options
}

function podSecurityOf(configuration: unknown, problems: FieldError[], path: string): PodSecurityOptions {
  interface Fields {
    readonly defaults?: Readonly<Record<string, string>> | null
    readonly exemptions?: Readonly<Partial<Record<'usernames' | 'namespaces' | 'runtimeClasses', readonly string[]>>> | null
  }
  const { defaults, exemptions } = readConfigPart<Fields>(path, configuration, POD_SECURITY)
  const labels = Object.entries(defaults ?? {}).map(([name, value]) => [`pod-security.kubernetes.io/${name}`, value])
  const { policy, errors } = policyOf(Object.fromEntries(labels))
  for (const error of errors) problems.push({ ...error, field: `${path}.defaults` })
  const { usernames = [], namespaces = [], runtimeClasses = [] } = exemptions ?? {}
  return { defaults: policy, exemptions: { users: usernames, namespaces, runtimeClasses } }
}

function eventLimitsOf(configuration: unknown, problems: FieldError[], path: string): readonly EventLimit[] {
  interface Fields {
    readonly limits?: readonly ({ readonly type?: string } & Readonly<Partial<Record<'qps' | 'burst' | 'cacheSize', number>>>)[] | null
  }
  const limits = readConfigPart<Fields>(path, configuration, EVENT_RATE).limits ?? []
  if (limits.length === 0) problems.push(invalidValue(`${path}.limits`, limits, 'must not be empty'))
  return limits.flatMap(({ type = '', qps = 0, burst = 0, cacheSize = 0 }, index) => {
    const at = `${path}.limits[${index}]`
    const known = EVENT_LIMITS.find((one) => one === type)
    if (known === undefined) problems.push(notSupported(`${at}.type`, type, EVENT_LIMITS))
    if (qps <= 0) problems.push(invalidValue(`${at}.qps`, qps, 'must be positive'))
    if (burst <= 0) problems.push(invalidValue(`${at}.burst`, burst, 'must be positive'))
    if (burst < qps) problems.push(invalidValue(`${at}.burst`, burst, 'must not be less than qps'))
    if (cacheSize < 0) problems.push(invalidValue(`${at}.cacheSize`, cacheSize, 'must not be negative'))
    return known === undefined ? [] : [{ type: known, perSecond: qps, burst, cacheSize: cacheSize === 0 ? DEFAULT_CACHE_SIZE : cacheSize }]
  })
}

function limitedOf(configuration: unknown): AdmissionOptions['limitedResources'] {
  interface Fields {
    readonly limitedResources?: readonly {
      readonly apiGroup?: string; readonly resource?: string; readonly matchContains?: readonly string[]
      readonly matchScopes?: readonly ScopedResourceSelectorRequirement[]
    }[] | null
  }
  const { limitedResources } = readConfigPart<Fields>('ResourceQuota', configuration, QUOTA)
  return (limitedResources ?? []).map(({ apiGroup = '', resource = '', matchContains = [], matchScopes = [] }) => ({
    group: apiGroup, plural: resource, matchContains, matchScopes,
  }))
}
