import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBase64, textOf, toBase64, utf8 } from '../../../words/bytes.ts'
import type { CustomResourceDefinition } from '../../generated/types.ts'
import { CERTIFICATE_PEM } from '../../sample-certificates.testing.ts'
import { sampleDefinition } from '../../sample-extension-objects.testing.ts'
import type { Change } from '../checking.testing.ts'
import { changed, context, created, createChecks, messagesOf, updateChecks, updated } from '../checking.testing.ts'
import { customResourceDefinitions } from './custom-resource-definition.ts'

const check = createChecks(customResourceDefinitions, sampleDefinition)
const LABEL = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric"
  + " character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const schema = { openAPIV3Schema: { type: 'object' } }
const v2 = { name: 'v2', served: true, storage: false, schema }
const first = 'spec.versions[0]'

test('defaults of a CustomResourceDefinition', () => {
  const made = created(customResourceDefinitions, sampleDefinition())
  assert.deepEqual(made.spec.names, { plural: 'widgets', kind: 'Widget', singular: 'widget', listKind: 'WidgetList' })
  assert.deepEqual(made.spec.conversion, { strategy: 'None' })
  assert.deepEqual(made.status, { acceptedNames: { plural: '', kind: '' }, conditions: [], storedVersions: ['v1'] })
})

test('names, group and scope', () => {
  check({})
  check({ 'metadata.name': 'gadgets.example.com' }, 'metadata.name: Invalid value: "gadgets.example.com": must be spec.names.plural+"."+spec.group')
  check({ 'metadata.name': 'widgets.local', 'spec.group': 'local' }, 'spec.group: Invalid value: "local": should be a domain with at least one dot')
  check({ 'spec.scope': 'Galaxy' }, 'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"')
  check({ 'spec.names.kind': '' }, 'spec.names.singular: Required value', 'spec.names.kind: Required value', 'spec.names.listKind: Required value')
  check({ 'spec.names.kind': 'Wid_get' }, `spec.names.singular: Invalid value: "wid_get": ${LABEL}`,
    `spec.names.kind: Invalid value: "Wid_get": may have mixed case, but should otherwise match: ${LABEL}`,
    `spec.names.listKind: Invalid value: "Wid_getList": may have mixed case, but should otherwise match: ${LABEL}`)
  check({ 'spec.names.listKind': 'Widget' }, 'spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same')
  check({ 'spec.names.shortNames': ['w', 'W'] }, `spec.names.shortNames[1]: Invalid value: "W": ${LABEL}`)
  check({ 'spec.names.categories': ['all', ''] }, `spec.names.categories[1]: Invalid value: "": ${LABEL}`)
  check({ 'metadata.name': 'widgets.apps.k8s.io', 'spec.group': 'apps.k8s.io' }, 'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups'
    + ' must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111')
  check({ 'metadata.name': 'widgets.apps.k8s.io', 'spec.group': 'apps.k8s.io', 'metadata.annotations': { 'api-approved.kubernetes.io': 'unapproved, for tests' } })
})

test('versions and columns have a number', () => {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
  check({ 'spec.versions': numbers(101).map((number) => ({ ...v2, name: `v${number + 1}`, storage: number === 0 })) },
    'spec.versions: Too many: 101: must have at most 100 items')
  check({ [`${first}.additionalPrinterColumns`]: numbers(101).map((number) => ({ name: `C${number}`, type: 'string', jsonPath: '.spec' })) },
    'spec.additionalPrinterColumns: Too many: 101: must have at most 100 items')
})

test('versions', () => {
  check({ 'spec.versions[1]': v2 })
  check({ 'spec.versions[1]': { ...v2, name: 'v1', storage: true } },
    `spec.versions: Invalid value: ${cut([sampleDefinition().spec.versions[0], { ...v2, name: 'v1', storage: true }])}: must contain unique version names`,
    `spec.versions: Invalid value: ${cut([sampleDefinition().spec.versions[0], { ...v2, name: 'v1', storage: true }])}: must have exactly one version marked as storage version`)
  check({ [`${first}.name`]: 'V1' }, `${first}.name: Invalid value: "V1": ${LABEL}`)
  check({ [`${first}.schema`]: undefined }, `${first}.schema.openAPIV3Schema: Required value: schemas are required`)
  check({ [`${first}.deprecationWarning`]: 'old' }, `${first}.deprecationWarning: Invalid value: "old": can only be set for deprecated versions`)
  check({ [`${first}.deprecated`]: true, [`${first}.deprecationWarning`]: 'a\tb' },
    `${first}.deprecationWarning: Invalid value: "a\\tb": must only contain printable UTF-8 characters; non-printable character found at index 1`)
  check({ [`${first}.deprecated`]: true, [`${first}.deprecationWarning`]: 'ü'.repeat(128) })
  check({ [`${first}.deprecated`]: true, [`${first}.deprecationWarning`]: `${'ü'.repeat(128)}\u00a0` },
    `${first}.deprecationWarning: Invalid value: "${'ü'.repeat(128)}\u00a0": must be <= 256 characters long`,
    `${first}.deprecationWarning: Invalid value: "${'ü'.repeat(128)}\u00a0": must only contain printable UTF-8 characters; non-printable character found at index 256`)
  check({ 'spec.preserveUnknownFields': true }, 'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set'
    + ' x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead')
})

function cut(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 256 ? `${text.slice(0, 256)}...` : text
}

test('what versions have in common is looked for in the spec, the rest in the version', () => {
  const columns = [{ name: 'Size', type: 'text', jsonPath: 'spec.size' }]
  const wrong = (path: string): string[] => [`${path}[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string`,
    `${path}[0].JSONPath: Invalid value: "spec.size": must be a simple json path starting with .`]
  check({ [`${first}.additionalPrinterColumns`]: columns }, ...wrong('spec.additionalPrinterColumns'))
  check({ [`${first}.additionalPrinterColumns`]: columns, 'spec.versions[1]': v2 }, ...wrong(`${first}.additionalPrinterColumns`))
  check({ [`${first}.additionalPrinterColumns`]: [{ format: 'year' }] }, 'spec.additionalPrinterColumns[0].name: Required value',
    'spec.additionalPrinterColumns[0].type: Required value: must be one of boolean,date,integer,number,string',
    'spec.additionalPrinterColumns[0].format: Invalid value: "year": must be one of byte,date,date-time,double,float,int32,int64,password',
    'spec.additionalPrinterColumns[0].JSONPath: Required value')
})

test('subresources', () => {
  const scale = (value: object, ...expected: string[]): void => (
    check({ [`${first}.subresources`]: { scale: value } }, ...expected.map((text) => `spec.subresources.scale.${text}`)))
  scale({ specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' })
  scale({}, 'specReplicasPath: Required value', 'statusReplicasPath: Required value')
  scale({ specReplicasPath: '.replicas', statusReplicasPath: 'status.replicas', labelSelectorPath: '.selector' },
    'specReplicasPath: Invalid value: ".replicas": should be a json path under .spec',
    'statusReplicasPath: Invalid value: "status.replicas": must be a simple json path starting with .',
    'labelSelectorPath: Invalid value: ".selector": should be a json path under either .spec or .status')
  check({ [`${first}.subresources`]: { status: {} }, [`${first}.schema.openAPIV3Schema.oneOf`]: [{ required: ['spec'] }] },
    `spec.validation.openAPIV3Schema: Invalid value: ${cut({ ...sampleDefinition().spec.versions[0]?.schema?.openAPIV3Schema, oneOf: [{ required: ['spec'] }] })}`
    + ': only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf'
    + ' Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the status subresource is enabled')
})

test('selectable fields', () => {
  const fields = (paths: string[], ...expected: string[]): void => (
    check({ [`${first}.selectableFields`]: paths.map((jsonPath) => ({ jsonPath })) }, ...expected.map((text) => `spec.selectableFields${text}`)))
  fields(['.spec.size'])
  fields(['.spec.size', '.spec.size'], '[1].jsonPath: Duplicate value: ".spec.size"')
  fields([''], '[0].jsonPath: Required value')
  fields(['.spec.colour'], '[0].jsonPath: Invalid value: ".spec.colour": is an invalid path: does not refer to a valid field')
  check({ [`${first}.selectableFields`]: [{ jsonPath: '.spec.size' }], 'spec.versions[1]': { ...v2, schema: sampleDefinition().spec.versions[0]?.schema } },
    `${first}.selectableFields: Invalid value: "": selectableFields may only be set when version.schema.openAPIV3Schema is not included`)
  fields(['.spec'], '[0].jsonPath: Invalid value: ".spec": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.')
})

test('conversion', () => {
  const service = { name: 'hooks', namespace: 'default' }
  const webhook = { clientConfig: { service }, conversionReviewVersions: ['v1'] }
  assert.equal(created(customResourceDefinitions, changed(sampleDefinition(), { 'spec.conversion': { strategy: 'Webhook', webhook } }))
    .spec.conversion?.webhook?.clientConfig?.service?.port, 443)
  check({ 'spec.conversion': { strategy: 'Webhook', webhook } })
  check({ 'spec.conversion': { strategy: 'Webhook' } }, 'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
    'spec.conversion.conversionReviewVersions: Required value')
  check({ 'spec.conversion': { strategy: 'None', webhook } }, 'spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook',
    'spec.conversion.conversionReviewVersions: Forbidden: should not be set when strategy is not set to Webhook')
  check({ 'spec.conversion': { strategy: 'Magic' } }, 'spec.conversion.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"')
})

test('updates', () => {
  const update = updateChecks(customResourceDefinitions, sampleDefinition)
  update({}, { 'spec.scope': 'Cluster' })
  update({}, { 'spec.group': 'example.org' }, 'spec.group: Invalid value: "example.org": field is immutable')
  const established = changed(created(customResourceDefinitions, sampleDefinition()), { 'status.conditions': [{ type: 'Established', status: 'True' }] })
  const later = (change: object): CustomResourceDefinition => updated(customResourceDefinitions, changed(established, { ...change }), established)
  const errors = (object: CustomResourceDefinition): string[] => messagesOf(customResourceDefinitions.validateUpdate(object, established))
  assert.deepEqual(errors(later({ 'spec.scope': 'Cluster', 'spec.names.kind': 'Gizmo' })),
    ['spec.scope: Invalid value: "Cluster": field is immutable', 'spec.names.kind: Invalid value: "Gizmo": field is immutable'])
  const stored = later({ 'spec.versions': [{ ...v2, storage: true }], status: {} })
  assert.deepEqual(stored.status, { ...established.status, storedVersions: ['v1', 'v2'] })
  assert.deepEqual(errors(stored), ['status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in'
    + ' spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions'])
})

test('the authorities of a conversion webhook, once the definition is established', () => {
  const conversion = (caBundle: string): Change => ({ 'spec.conversion': {
    strategy: 'Webhook', webhook: { clientConfig: { caBundle, service: { name: 'hooks', namespace: 'default' } }, conversionReviewVersions: ['v1'] },
  } })
  const made = (caBundle: string, status: string): CustomResourceDefinition => changed(
    created(customResourceDefinitions, changed(sampleDefinition(), conversion(caBundle))), { 'status.conditions': [{ type: 'Established', status }] })
  const good = CERTIFICATE_PEM
  const bad = (problem: string, bytes = '0x78'): string => (
    `spec.conversion.webhookClientConfig.caBundle: Invalid value: []byte{${bytes}}: unable to load root certificates: ${problem}`)
  const table: [CustomResourceDefinition, string, string[]][] = [
    [made('', 'True'), good, []],
    [made(good, 'True'), toBase64(utf8(`x\n${textOf(fromBase64(CERTIFICATE_PEM) ?? utf8(''))}`)), []],
    [made(good, 'True'), 'eA==', [bad('unable to parse bytes as PEM block')]],
    [made('', 'True'), 'eA==', [bad('unable to parse bytes as PEM block')]],
    [made('eA==', 'True'), 'eXk=', []],
    [made(good, 'False'), 'eA==', []],
  ]
  for (const [old, caBundle, expected] of table) {
    const later = updated(customResourceDefinitions, changed(old, conversion(caBundle)), old)
    assert.deepEqual(messagesOf(customResourceDefinitions.validateUpdate(later, old)), expected)
  }
})

test('the status', () => {
  const old = created(customResourceDefinitions, sampleDefinition())
  const draft = changed(old, { 'spec.scope': 'Cluster', 'status.acceptedNames': { plural: 'Widgets', kind: 'Widget' } })
  customResourceDefinitions.status?.prepareForUpdate(draft, old, context)
  assert.equal(draft.spec, old.spec)
  assert.deepEqual(messagesOf(customResourceDefinitions.status?.validateUpdate(draft, old) ?? []), [`status.acceptedNames.plural: Invalid value: "Widgets": ${LABEL}`])
})
