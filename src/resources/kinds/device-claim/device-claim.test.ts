import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResourceV1beta1ResourceClaim as ResourceClaim } from '../../generated/types.ts'
import { sampleClaim, sampleClaimTemplate, sampleDeviceClass, sampleSlice } from '../../sample-extension-objects.testing.ts'
import { cellsOf, changed, context, created, createChecks, messagesOf, updateChecks } from '../checking.testing.ts'
import { deviceClasses } from './device-class.ts'
import { resourceClaims, resourceClaimTemplates } from './resource-claim.ts'
import { resourceSlices } from './resource-slice.ts'

const LABEL = "must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc',"
  + " regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const request = 'spec.devices.requests[0]'

test('defaults of a claim', () => {
  const made = created(resourceClaims, changed(sampleClaim(), { [`${request}.adminAccess`]: true, status: { reservedFor: [] } }))
  assert.deepEqual(made.spec.devices?.requests, [{ name: 'gpu', deviceClassName: 'gpu.example.com', allocationMode: 'ExactCount', count: 1 }])
  assert.deepEqual(made.status, {})
  assert.deepEqual(created(resourceClaimTemplates, sampleClaimTemplate()).spec.spec, made.spec)
})

test('a ResourceClaim', () => {
  const check = createChecks(resourceClaims, sampleClaim)
  check({})
  check({ spec: {} })
  check({ [`${request}.name`]: 'GPU' }, `${request}.name: Invalid value: "GPU": a lowercase RFC 1123 label ${LABEL}`)
  check({ [`${request}.deviceClassName`]: '' }, `${request}.deviceClassName: Required value`)
  check({ [`${request}.allocationMode`]: 'All', [`${request}.count`]: 2 },
    `${request}.count: Invalid value: 2: must not be specified when allocationMode is 'All'`)
  check({ [`${request}.count`]: -1 }, `${request}.count: Invalid value: -1: must be greater than zero`)
  check({ [`${request}.allocationMode`]: 'Some' }, `${request}.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`)
  check({ [`${request}.selectors`]: [{}] }, `${request}.selectors[0].cel: Required value`)
  check({ 'spec.devices.requests[1]': { name: 'gpu', deviceClassName: 'x' } }, 'spec.devices.requests[1].name: Duplicate value: "gpu"')
  check({ 'spec.devices.constraints': [{ requests: ['cpu'], matchAttribute: 'model' }] },
    'spec.devices.constraints[0].requests[0]: Invalid value: "cpu": must be the name of a request in the claim',
    'spec.devices.constraints[0].matchAttribute: Invalid value: "model": must include a domain')
  check({ 'spec.devices.config': [{ requests: ['gpu'] }, { opaque: { driver: 'gpu.example.com', parameters: [] } }] },
    'spec.devices.config[0].opaque: Required value',
    'spec.devices.config[1].opaque.parameters: Invalid value: "<value omitted>": parameters must be a valid JSON object')
  const update = updateChecks(resourceClaims, sampleClaim)
  update({}, { 'metadata.labels': { a: 'b' } })
  update({}, { [`${request}.deviceClassName`]: 'x' }, 'spec: Invalid value: {"devices":{"requests":[{"name":"gpu","deviceClassName":"x","allocationMode":"ExactCount",'
    + '"count":1}]}}: field is immutable')
})

test('the metadata of claims to come', () => {
  const check = createChecks(resourceClaimTemplates, sampleClaimTemplate)
  check({ 'spec.metadata': { labels: { a: 'b' }, annotations: { c: 'd' } } })
  check({ 'spec.metadata': { name: 'a', uid: 'b' } }, 'spec.metadata.name: Forbidden: cannot be set', 'spec.metadata.uID: Forbidden: cannot be set')
})

const DEVICE = { driver: 'gpu.example.com', pool: 'worker', device: 'gpu-0' }
const allocation = { devices: { results: [{ request: 'gpu', ...DEVICE }] } }
const POD = { resource: 'pods', name: 'web', uid: 'u1' }

function statusOf(old: ResourceClaim, status: ResourceClaim['status']): [unknown, string[]] {
  const draft: ResourceClaim = { ...old, spec: {}, ...(status === undefined ? {} : { status }) }
  resourceClaims.status?.prepareForUpdate(draft, old, context)
  assert.equal(draft.spec, old.spec)
  return [draft.status, messagesOf(resourceClaims.status?.validateUpdate(draft, old) ?? [])]
}

test('the status of a ResourceClaim', () => {
  const pending = created(resourceClaims, sampleClaim())
  const allocated: ResourceClaim = { ...pending, status: { allocation, reservedFor: [POD] } }
  const report = { ...DEVICE, networkData: { ips: ['10.0.0.1/24'] } }
  assert.deepEqual(statusOf(pending, { allocation, reservedFor: [POD], devices: [report] })[1], [])
  assert.deepEqual(statusOf(pending, { reservedFor: [POD, { ...POD, name: '' }] })[1], [
    'status.reservedFor[1].name: Required value', 'status.reservedFor[1].uid: Duplicate value: "u1"',
    'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
  ])
  assert.deepEqual(statusOf(pending, { allocation: { devices: { results: [{ request: 'cpu', ...DEVICE, pool: '' }] } } })[1], [
    'status.allocation.devices.results[0].request: Invalid value: "cpu": must be the name of a request in the claim',
    'status.allocation.devices.results[0].pool: Required value',
  ])
  assert.deepEqual(statusOf(allocated, { allocation: { devices: { results: [] } } })[1],
    ['status.allocation: Invalid value: {"devices":{"results":[]}}: field is immutable'])
  const reported: ResourceClaim = { ...allocated, status: { allocation, devices: [report] } }
  assert.deepEqual(statusOf(reported, { devices: [report] })[0], {})
  assert.deepEqual(statusOf(allocated, { allocation, devices: [report] })[0], { allocation }, 'an alpha that is off')
  const asAdmin = { devices: { results: [{ request: 'gpu', ...DEVICE, adminAccess: true }] } }
  assert.deepEqual(statusOf(pending, { allocation: asAdmin })[0], { allocation }, 'an alpha that is off')
  assert.deepEqual(statusOf({ ...pending, status: { allocation: asAdmin } }, { allocation: asAdmin })[0], { allocation: asAdmin })
  assert.deepEqual(statusOf(reported, { allocation, devices: [{ ...report, networkData: { ips: ['10.0.0.1', '2001:DB8::1/64'] } }] })[1], [
    'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    'status.devices[0].networkData.ips[1]: Invalid value: "2001:DB8::1/64": must be in canonical form (2001:db8::1/64)',
  ])
  const leaving: ResourceClaim = { ...allocated, metadata: { ...allocated.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
  assert.deepEqual(statusOf(leaving, { allocation, reservedFor: [POD, { ...POD, uid: 'u2' }] })[1],
    ['status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'])
  assert.equal(statusOf(leaving, { allocation, reservedFor: [{ ...POD, name: 'other' }] })[1].length, 1, 'another reference is a new one')
  assert.deepEqual([pending, allocated, leaving].map((claim) => cellsOf(resourceClaims, claim)['State']), ['pending', 'allocated,reserved', 'deleted,allocated,reserved'])
})

test('a ResourceClaimTemplate and a DeviceClass', () => {
  const check = createChecks(resourceClaimTemplates, sampleClaimTemplate)
  check({ 'spec.metadata': { labels: { 'a b': 'c' } } }, "spec.metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or"
    + " '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
    + " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")
  check({ 'spec.spec.devices.requests[0].deviceClassName': '' }, 'spec.spec.devices.requests[0].deviceClassName: Required value')
  createChecks(deviceClasses, sampleDeviceClass)({ 'spec.config': [{}], 'spec.selectors': [{ cel: { expression: 'x'.repeat(10241) } }] },
    'spec.selectors[0].cel.expression: Too long: may not be more than 10240 bytes', 'spec.config[0].opaque: Required value')
  assert.deepEqual(deviceClasses.expressionsOf(sampleDeviceClass()).map(({ path }) => path), ['spec.selectors[0].cel.expression'])
  const selecting = changed(sampleClaim(), { [`${request}.selectors`]: [{ cel: { expression: 'true' } }] })
  assert.deepEqual(resourceClaims.expressionsOf(selecting).map(({ path }) => path), [`${request}.selectors[0].cel.expression`])
})

test('a ResourceSlice', () => {
  const check = createChecks(resourceSlices, sampleSlice)
  const attribute = (value: object, ...expected: string[]): void => (
    check({ 'spec.devices[0].basic.attributes': { model: value } }, ...expected.map((text) => `spec.devices[0].basic.attributes[model]${text}`)))
  check({})
  check({ 'spec.allNodes': true },
    'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required, but multiple fields are set')
  check({ 'spec.nodeName': undefined }, 'spec: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required')
  check({ 'spec.nodeName': undefined, 'spec.nodeSelector': { nodeSelectorTerms: [] } },
    'spec.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
    'spec.nodeSelector.nodeSelectorTerms: Invalid value: []: must have exactly one node selector term')
  check({ 'spec.pool': { name: 'a//b', generation: -1, resourceSliceCount: 0 } },
    'spec.pool.name: Invalid value: "": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an'
    + " alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero', 'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero')
  check({ 'spec.devices[1]': { name: 'gpu-0' } }, 'spec.devices[1].basic: Required value', 'spec.devices[1].name: Duplicate value: "gpu-0"')
  attribute({ int: 0 })
  attribute({ bool: false })
  attribute({ version: '1.2.3-rc.1+build.5' })
  attribute({ version: '1.2' }, '.version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0')
  attribute({}, ': Required value: exactly one value must be specified')
  attribute({ int: 1, bool: true }, ': Invalid value: {"int":1,"bool":true}: exactly one value must be specified')
  const long = `${'a'.repeat(60)}/${'b'.repeat(60)}`
  check({ 'spec.devices[0].basic.capacity': { [long]: { value: '1' } } },
    `spec.devices[0].basic.capacity[${'a'.repeat(47)}...${'b'.repeat(46)}]: Too long: may not be more than 32 bytes`)
  check({ 'spec.devices[0].basic.attributes': { 'example.com/9': { bool: true } } }, 'spec.devices[0].basic.attributes[example.com/9]: Invalid value: "9": a valid C'
    + " identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',"
    + " regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')")
  updateChecks(resourceSlices, sampleSlice)({}, { 'spec.nodeName': 'other' }, 'spec.nodeName: Invalid value: "other": field is immutable')
  assert.deepEqual(cellsOf(resourceSlices, sampleSlice()), { Node: 'worker', Driver: 'gpu.example.com', Pool: 'worker', Age: '<unknown>' })
  assert.deepEqual(Object.values(resourceSlices.selectableFields).map((value) => value(sampleSlice())), ['worker', 'gpu.example.com'])
})
