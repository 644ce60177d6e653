import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleVolume } from '../../sample-workloads.testing.ts'
import { cellsOf, changed, context, created, createChecks, messagesOf, updateChecks } from '../checking.testing.ts'
import { persistentVolumes } from './persistent-volume.ts'

const check = createChecks(persistentVolumes, sampleVolume)
const update = updateChecks(persistentVolumes, sampleVolume)
const SUBDOMAIN = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const CSI = { driver: 'csi.example.com', volumeHandle: 'h' }
const AFFINITY = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', operator: 'In', values: ['a'] }] }] } }

test('defaults of a PersistentVolume', () => {
  const volume = created(persistentVolumes, changed(sampleVolume(), { 'spec.capacity.storage': '1024Mi', 'spec.volumeAttributesClassName': 'fast', 'status.phase': 'Bound' }))
  assert.deepEqual(volume.spec, {
    capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data', type: '' }, persistentVolumeReclaimPolicy: 'Retain',
    volumeMode: 'Filesystem',
  })
  assert.deepEqual(volume.status, { phase: 'Pending', lastPhaseTransitionTime: '2026-01-01T00:00:00Z' })
  const iscsi = { targetPortal: '10.0.0.1', iqn: 'iqn.2001-04.com.example:storage', lun: 0 }
  const other = created(persistentVolumes, changed(sampleVolume(), { 'spec.hostPath': undefined, 'spec.iscsi': iscsi }))
  assert.equal(other.spec?.iscsi?.iscsiInterface, 'default')
})

test('a PersistentVolume', () => {
  check({})
  check({ 'spec.accessModes': undefined }, 'spec.accessModes: Required value')
  check({ 'spec.accessModes': ['ReadWriteOncePod', 'ReadWriteOnce'] }, 'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes')
  check({ 'spec.capacity': undefined }, 'spec.capacity: Required value', 'spec.capacity: Unsupported value: {}: supported values: "storage"')
  check({ 'spec.capacity': { storage: '1Gi', cpu: '1' } }, 'spec.capacity: Unsupported value: {"storage":"1Gi","cpu":"1"}: supported values: "storage"')
  check({ 'spec.capacity.storage': '0' }, 'spec.capacity[storage]: Invalid value: "0": must be greater than zero')
  check({ 'spec.capacity.storage': '-1' }, 'spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
    'spec.capacity[storage]: Invalid value: "-1": must be greater than zero')
  check({ 'spec.persistentVolumeReclaimPolicy': 'Burn' },
    'spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"')
  check({ 'spec.hostPath.path': '/', 'spec.persistentVolumeReclaimPolicy': 'Recycle' },
    "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'")
  check({ 'spec.volumeMode': 'Tape' }, 'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"')
  check({ 'spec.nodeAffinity': {} }, 'spec.nodeAffinity.required: Required value: must specify required node constraints')
  check({ 'spec.nodeAffinity.required': {} }, 'spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one node selector term')
})

test('the storage behind it', () => {
  const source = (fields: object, ...messages: string[]): void => {
    const change = Object.fromEntries(Object.entries(fields).map(([type, value]) => [`spec.${type}`, value]))
    check({ 'spec.hostPath': undefined, ...change }, ...messages)
  }
  source({}, 'spec: Required value: must specify a volume type')
  source({ hostPath: { path: '' } }, 'spec.hostPath.path: Required value')
  source({ hostPath: { path: '/a' }, nfs: { server: 's', path: '/' } }, 'spec.nfs: Forbidden: may not specify more than 1 volume type')
  source({ nfs: { path: 'x' } }, 'spec.nfs.server: Required value', 'spec.nfs.path: Invalid value: "x": must be an absolute path')
  source({ local: { path: '/a/../b' } }, "spec.local.path: Invalid value: \"/a/../b\": must not contain '..'", 'spec.nodeAffinity: Required value: Local volume requires node affinity')
  source({ local: { path: '/a' }, nodeAffinity: AFFINITY })
  source({ csi: CSI })
  source({ csi: { driver: '', volumeHandle: '' } }, 'spec.csi.driver: Required value', `spec.csi.driver: Invalid value: "": ${SUBDOMAIN}`,
    'spec.csi.volumeHandle: Required value')
  source({ csi: { ...CSI, driver: 'x'.repeat(64), nodeStageSecretRef: { name: 's' }, nodePublishSecretRef: { name: 's' } } },
    'spec.csi.driver: Too long: may not be more than 63 bytes', 'spec.csi.nodePublishSecretRef.namespace: Required value')
  source({ csi: { ...CSI, nodeExpandSecretRef: { name: 'S_', namespace: 'n' } } }, `spec.csi.nodeExpandSecretRef.name: Invalid value: "S_": ${SUBDOMAIN}`)
  source({ cinder: { volumeID: 'a', secretRef: {} } }, 'spec.cinder.secretRef.name: Required value', 'spec.cinder.secretRef.namespace: Required value')
  source({ hostPath: { path: '/a' }, flexVolume: {}, cephfs: { monitors: ['m'] } }, 'spec.cephFS: Forbidden: may not specify more than 1 volume type',
    'spec.flexVolume.driver: Required value')
  source({ gcePersistentDisk: { pdName: 'a', partition: 300 } }, 'spec.persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive')
  source({ iscsi: { targetPortal: 'p'.repeat(64), iqn: 'abc', lun: 0, initiatorName: 'iqn.2001-04.com.example:a', secretRef: {} } },
    `spec.iscsi.targetportal: Invalid value: "${'p'.repeat(64)}": ` +
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
    'spec.iscsi.iqn: Invalid value: "abc": must be valid format', 'spec.iscsi.secretRef.name: Required value')
  source({ azureFile: { secretName: 's', shareName: 'x', secretNamespace: '' } }, 'spec.azureFile.secretNamespace: Required value')
  source({ glusterfs: { endpoints: 'e', path: 'p', endpointsNamespace: '' } },
    'spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name')
  source({ rbd: {} }, 'spec.rbd.monitors: Required value', 'spec.rbd.image: Required value')
})

test('a volume keeps its storage', () => {
  update({}, { 'spec.capacity.storage': '2Gi', 'spec.claimRef': { name: 'a', namespace: 'default' } })
  update({}, { 'spec.hostPath.path': '/other' },
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\nspec.hostPath differs')
  update({}, { 'spec.volumeMode': 'Block' }, 'volumeMode: Invalid value: "Block": field is immutable')
  const csi = { 'spec.hostPath': undefined, 'spec.csi': CSI }
  update(csi, { 'spec.csi.controllerExpandSecretRef': { name: 's', namespace: 'n' } })
  update({}, { 'spec.nodeAffinity': AFFINITY })
  const zone = 'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0]'
  update({ 'spec.nodeAffinity': AFFINITY }, { [`${zone}.key`]: 'topology.kubernetes.io/zone' })
  const moved = structuredClone(AFFINITY)
  moved.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values.push('b')
  update({ 'spec.nodeAffinity': AFFINITY }, { 'spec.nodeAffinity': moved }, `nodeAffinity: Invalid value: ${JSON.stringify(moved)}: field is immutable, except for updating from beta label to GA`)
})

test('the phase has a time, and the table', () => {
  const old = created(persistentVolumes, sampleVolume())
  const draft = { ...old, status: { ...old.status, phase: 'Available' }, spec: {} }
  persistentVolumes.status?.prepareForUpdate(draft, old, { ...context, now: context.now + 60_000 })
  assert.deepEqual([draft.status, draft.spec], [{ phase: 'Available', lastPhaseTransitionTime: '2026-01-01T00:01:00Z' }, old.spec])
  assert.deepEqual(messagesOf(persistentVolumes.status?.validateUpdate({ ...draft, metadata: { name: 'a', resourceVersion: '' } }, old) ?? []),
    ['resourceVersion: Required value'])
  const bound = changed(old, { 'spec.claimRef': { namespace: 'shop', name: 'data' }, 'spec.storageClassName': 'fast', 'status.phase': 'Bound' })
  assert.deepEqual(cellsOf(persistentVolumes, bound), {
    Capacity: '1Gi', 'Access Modes': 'RWO', 'Reclaim Policy': 'Retain', Status: 'Bound', Claim: 'shop/data', StorageClass: 'fast',
    VolumeAttributesClass: '<unset>', Reason: '', Age: '<unknown>', VolumeMode: 'Filesystem',
  })
})
