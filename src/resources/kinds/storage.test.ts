import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  sampleCsiDriver, sampleCsiNode, sampleCsiStorageCapacity, sampleStorageClass, sampleVolumeAttachment,
} from '../sample-extension-objects.testing.ts'
import { tableColumns } from '../table.ts'
import { cellsOf, changed, context, created, createChecks, messagesOf, NOW, updateChecks } from './checking.testing.ts'
import { csiDrivers } from './csi-driver.ts'
import { csiNodes } from './csi-node.ts'
import { csiStorageCapacities } from './csi-storage-capacity.ts'
import { storageClasses } from './storage-class.ts'
import { volumeAttachments } from './volume-attachment.ts'

test('a StorageClass', () => {
  const check = createChecks(storageClasses, sampleStorageClass)
  const update = updateChecks(storageClasses, sampleStorageClass)
  check({ provisioner: 'Disk.Example.com/SSD' })
  check({ provisioner: '' }, 'provisioner: Required value')
  check({ provisioner: '/SSD' }, 'provisioner: Invalid value: "/ssd": prefix part must be non-empty')
  check({ reclaimPolicy: 'Recycle' }, 'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"')
  check({ volumeBindingMode: 'Later' }, 'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"')
  check({ reclaimPolicy: '' })
  check({ volumeBindingMode: '' }, 'volumeBindingMode: Unsupported value: "": supported values: "Immediate", "WaitForFirstConsumer"')
  check({ parameters: { '': 'x' } }, 'parameters: Invalid value: "": field can not be empty.')
  check({ parameters: { a: 'x'.repeat(256 * 1024) } }, 'parameters: Too long: may not be more than 262144 bytes')
  const zone = { matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] }
  check({ allowedTopologies: [zone] })
  check({ allowedTopologies: [{}] }, 'allowedTopologies[0].matchLabelExpressions: Duplicate value: ""')
  check({ allowedTopologies: [zone, { matchLabelExpressions: [{ key: 'zone', values: ['b', 'a'] }] }] },
    'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""')
  check({ allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: [] }, { key: 'zone', values: ['a', 'a'] }] }] },
    'allowedTopologies[0].matchLabelExpressions[0].values: Required value',
    'allowedTopologies[0].matchLabelExpressions[1].values[1]: Duplicate value: "a"',
    'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"')
  update({}, { allowVolumeExpansion: true, mountOptions: ['ro'] })
  update({}, { parameters: { a: 'b' } }, 'parameters: Forbidden: updates to parameters are forbidden.')
  update({}, { provisioner: 'x' }, 'provisioner: Forbidden: updates to provisioner are forbidden.')
  update({}, { reclaimPolicy: 'Retain' }, 'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.')
  update({}, { volumeBindingMode: 'WaitForFirstConsumer' }, 'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable')
  const made = created(storageClasses, changed(sampleStorageClass(), { 'metadata.annotations': { 'storageclass.kubernetes.io/is-default-class': 'true' } }))
  assert.deepEqual(cellsOf(storageClasses, made), {
    Name: 'a (default)', Provisioner: 'disk.example.com', ReclaimPolicy: 'Delete', VolumeBindingMode: 'Immediate', AllowVolumeExpansion: false, Age: '<unknown>',
  })
  assert.equal(tableColumns(storageClasses).length, 6)
})

test('a VolumeAttachment', () => {
  const check = createChecks(volumeAttachments, sampleVolumeAttachment)
  const update = updateChecks(volumeAttachments, sampleVolumeAttachment)
  const source = 'spec.source'
  check({})
  check({ 'spec.attacher': '' }, 'spec.attacher: Required value', 'spec.attacher: Invalid value: "": a lowercase RFC 1123 subdomain must consist of'
    + " lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for"
    + " validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
  check({ [source]: {} }, `${source}: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName`)
  check({ [`${source}.inlineVolumeSpec`]: {} }, `${source}: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName`)
  check({ [source]: { persistentVolumeName: '' } }, `${source}.persistentVolumeName: Required value: must specify non empty persistentVolumeName`)
  const csi = { driver: 'disk.example.com', volumeHandle: 'v1' }
  check({ [source]: { inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], csi } } })
  check({ [source]: { inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], csi, capacity: { storage: '1Gi' }, storageClassName: 'fast', volumeMode: 'Block' } } },
    `${source}.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes`,
    `${source}.inlineVolumeSpec.storageClassName: Forbidden: may not be specified in the context of inline volumes`,
    `${source}.inlineVolumeSpec.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes`)
  update({}, { 'spec.nodeName': 'other' },
    'spec: Invalid value: {"attacher":"disk.example.com","nodeName":"other","source":{"persistentVolumeName":"disk"}}: field is immutable')
  const made = created(volumeAttachments, changed(sampleVolumeAttachment(), { status: { attached: true } }))
  assert.deepEqual(made.status, { attached: false })
  const draft = { ...made, status: { attached: true, attachError: { message: 'x'.repeat(1025) } } }
  volumeAttachments.status?.prepareForUpdate(draft, made, context)
  assert.deepEqual(messagesOf(volumeAttachments.status?.validateUpdate(draft, made) ?? []), ['status.attachError.message: Too long: may not be more than 262144 bytes'])
  assert.deepEqual(cellsOf(volumeAttachments, draft), { Attacher: 'disk.example.com', PV: 'disk', Node: 'worker', Attached: true, Age: '<unknown>' })
})

test('a CSIDriver', () => {
  const check = createChecks(csiDrivers, sampleCsiDriver)
  const update = updateChecks(csiDrivers, sampleCsiDriver)
  const made = created(csiDrivers, sampleCsiDriver())
  assert.deepEqual(made.spec, {
    attachRequired: true, podInfoOnMount: false, storageCapacity: false, fsGroupPolicy: 'ReadWriteOnceWithFSType', volumeLifecycleModes: ['Persistent'],
    requiresRepublish: false, seLinuxMount: false,
  })
  check({ spec: undefined })
  check({ 'spec.fsGroupPolicy': 'x' }, 'spec.fsGroupPolicy: Unsupported value: "x": supported values: "File", "None", "ReadWriteOnceWithFSType"')
  check({ 'spec.volumeLifecycleModes': ['Brief'] }, 'spec.volumeLifecycleModes: Unsupported value: "Brief": supported values: "Persistent", "Ephemeral"')
  check({ 'spec.tokenRequests': [{ audience: 'a' }, { audience: 'a', expirationSeconds: 1 }, { audience: '', expirationSeconds: 599 }, { audience: 'b', expirationSeconds: 2 ** 33 }] },
    'spec.tokenRequests[1].audience: Duplicate value: "a"',
    'spec.tokenRequests[2].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    'spec.tokenRequests[3].expirationSeconds: Invalid value: 8589934592: may not specify a duration larger than 2^32 seconds')
  update({}, { 'spec.podInfoOnMount': true, 'spec.fsGroupPolicy': 'File', 'spec.tokenRequests': [{ audience: 'a' }] })
  update({}, { 'spec.attachRequired': false }, 'spec.attachedRequired: Invalid value: false: field is immutable')
  update({}, { 'spec.volumeLifecycleModes': ['Ephemeral'] }, 'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable')
  assert.equal(made.metadata.generation, undefined)
  const generationAfter = (change: Record<string, unknown>): unknown => {
    const draft = changed(made, change)
    csiDrivers.prepareForUpdate(draft, made, context)
    return draft.metadata.generation
  }
  assert.equal(generationAfter({ 'metadata.labels': { a: 'b' } }), undefined)
  assert.equal(generationAfter({ 'spec.podInfoOnMount': true }), 1)
  assert.equal(generationAfter({ 'spec.requiresRepublish': true }), 1)
  assert.deepEqual(cellsOf(csiDrivers, made), {
    AttachRequired: true, PodInfoOnMount: false, StorageCapacity: false, TokenRequests: '<unset>', RequiresRepublish: false, Modes: 'Persistent', Age: '<unknown>',
  })
})

test('a CSINode', () => {
  const check = createChecks(csiNodes, sampleCsiNode)
  const update = updateChecks(csiNodes, sampleCsiNode)
  const second = { name: 'disk.example.com', nodeID: 'n1' }
  check({})
  check({ 'spec.drivers[1]': second }, 'spec.drivers[1].name: Duplicate value: "disk.example.com"')
  check({ 'spec.drivers[0].nodeID': '' }, 'spec.drivers[0].nodeID: Required value')
  check({ 'spec.drivers[0].nodeID': 'x'.repeat(257) }, `spec.drivers[0].nodeID: Invalid value: "${'x'.repeat(255)}...: must be 256 characters or less`)
  check({ 'spec.drivers[0].allocatable.count': -1 }, 'spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0')
  check({ 'spec.drivers[0].topologyKeys': ['a', 'a'] }, 'spec.drivers[0]: Duplicate value: "a"')
  update({}, { 'spec.drivers[1]': { ...second, name: 'other.example.com' } })
  update({}, { 'spec.drivers[0]': second }, 'spec.drivers: Invalid value: {"name":"disk.example.com","nodeID":"n1"}: field is immutable')
  assert.deepEqual(cellsOf(csiNodes, sampleCsiNode()), { Drivers: 1, Age: '<unknown>' })
})

test('a CSIStorageCapacity', () => {
  const check = createChecks(csiStorageCapacities, sampleCsiStorageCapacity)
  const update = updateChecks(csiStorageCapacities, sampleCsiStorageCapacity)
  check({ nodeTopology: { matchLabels: { zone: 'a' } } })
  check({ capacity: '-1' }, 'capacity: Invalid value: "-1": must be greater than or equal to 0')
  update({}, { capacity: '5Gi' })
  update({}, { storageClassName: 'slow' }, 'storageClassName: Invalid value: "slow": field is immutable')
  update({}, { nodeTopology: {} }, 'nodeTopology: Invalid value: {}: field is immutable')
  assert.deepEqual(csiStorageCapacities.columns.map((column) => column.cell(sampleCsiStorageCapacity(), NOW)), ['fast', '10Gi'])
})

test('labels of nodes that have another name now', () => {
  const values = ['a']
  const allowedTopologies = [{ matchLabelExpressions: [{ key: 'zone', values }, { key: 'failure-domain.beta.kubernetes.io/zone', values }] }]
  assert.deepEqual(storageClasses.warnings({ ...sampleStorageClass(), allowedTopologies }, undefined), [
    'allowedTopologies[0].matchLabelExpressions[1]: deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ])
  const nodeTopology = { matchLabels: { 'beta.kubernetes.io/os': 'linux' }, matchExpressions: [{ key: 'beta.kubernetes.io/arch', operator: 'Exists' }] }
  assert.deepEqual(csiStorageCapacities.warnings({ ...sampleCsiStorageCapacity(), nodeTopology }, undefined), [
    'nodeTopology.matchExpressions[0]: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead',
    'nodeTopology.matchLabels.beta.kubernetes.io/os: deprecated since v1.14; use "kubernetes.io/os" instead',
  ])
})
