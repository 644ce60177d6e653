import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../words/bytes.ts'
import { parseAdmissionConfig } from './admission-config.ts'
import { defaultAdmission } from './built-in.ts'

const read = (plugins: readonly object[]) => (
  parseAdmissionConfig('/a.yaml', utf8(JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins }))))
const podSecurity = (fields: object) => (
  { name: 'PodSecurity', configuration: { apiVersion: 'pod-security.admission.config.k8s.io/v1', kind: 'PodSecurityConfiguration', ...fields } })
const eventRate = (limits: readonly object[]) => (
  { name: 'EventRateLimit', configuration: { apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1', kind: 'Configuration', limits } })

test('a plug-in that the file names is on, as it is configured', () => {
  assert.deepEqual(read([]), defaultAdmission)
  const off = ['AlwaysPullImages', 'DenyServiceExternalIPs', 'ExtendedResourceToleration', 'OwnerReferencesPermissionEnforcement']
  const { alwaysPullImages, denyServiceExternalIps, extendedResourceToleration, ownerReferencePermissions } = read(off.map((name) => ({ name })))
  assert.deepEqual([alwaysPullImages, denyServiceExternalIps, extendedResourceToleration, ownerReferencePermissions], [true, true, true, true])
  const secure = read([podSecurity({ defaults: { enforce: 'baseline', warn: 'restricted', 'warn-version': 'v1.30' }, exemptions: { usernames: ['ann'], namespaces: ['kube-system'] } })])
  assert.deepEqual(secure.podSecurity.exemptions, { users: ['ann'], namespaces: ['kube-system'], runtimeClasses: [] })
  assert.deepEqual([secure.podSecurity.defaults.enforce.level, secure.podSecurity.defaults.warn.level, secure.podSecurity.defaults.audit.level], ['baseline', 'restricted', 'privileged'])
  assert.deepEqual(read([eventRate([{ type: 'Namespace', qps: 5, burst: 10 }, { type: 'Server', qps: 1, burst: 1, cacheSize: 7 }])]).eventLimits, [
    { type: 'Namespace', perSecond: 5, burst: 10, cacheSize: 4096 }, { type: 'Server', perSecond: 1, burst: 1, cacheSize: 7 },
  ])
  const matchScopes = [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }]
  const quota = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration', limitedResources: [{ resource: 'pods', matchScopes }] }
  assert.deepEqual(read([{ name: 'ResourceQuota', configuration: quota }]).limitedResources, [{ group: '', plural: 'pods', matchContains: [], matchScopes }])
})

test('what is wrong is said with its place', () => {
  const table: [readonly object[], RegExp][] = [
    [[{ name: 'Nothing' }], /admission configuration file "\/a.yaml": plugins\[0\]\.name: Unsupported value: "Nothing": supported values: /],
    [[{ name: 'AlwaysPullImages' }, { name: 'AlwaysPullImages' }], /plugins\[1\]\.name: .*is there twice/],
    [[{ name: 'PodSecurity', path: 'x' }], /plugins\[0\]\.path: .*put what is in that file into the field configuration/],
    [[{ name: 'PodSecurity', more: 'x' }], /unknown field "plugins\[0\]\.more"/],
    [[podSecurity({ defaults: { enforce: 'strict' } })], /plugins\[0\]\.configuration\.defaults: .*must be one of privileged, baseline, restricted/],
    [[podSecurity({ default: {} })], /plugins\[0\]\.configuration: strict decoding error: unknown field "default"/],
    [[podSecurity({ kind: 'Other' })], /plugins\[0\]\.configuration: must be a PodSecurityConfiguration of pod-security/],
    [[eventRate([])], /limits: .*must not be empty/],
    [[eventRate([{ type: 'All', qps: 0, burst: 1 }])], /limits\[0\]\.type: Unsupported value: "All".*limits\[0\]\.qps: .*must be positive/],
    [[eventRate([{ type: 'User', qps: 'many', burst: 1 }])], /limits\[0\]\.qps must be a number/],
  ]
  for (const [plugins, expected] of table) assert.throws(() => read(plugins), { message: expected })
})
