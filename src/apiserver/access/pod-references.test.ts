import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../resources/generated/types.ts'
import { openedReferences, podReferences } from './pod-references.ts'

const podOf = (spec: object, annotations: Record<string, string> = {}): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', annotations }, spec: { containers: [], ...spec } })

/** secrets; config maps; claims */
function namesOf(pod: Pod): string {
  const { secrets, configMaps, claims } = podReferences(pod)
  return [secrets, configMaps, claims].map((names) => [...names].join(',')).join(';')
}

test('every place where a pod names what its node must read', () => {
  const secretRef = { name: 's' }
  const volumes: [source: object, expected: string][] = [
    [{ secret: { secretName: 's' } }, 's;;'], [{ azureFile: { secretName: 's', shareName: 'x' } }, 's;;'], [{ cephfs: { secretRef } }, 's;;'],
    [{ flexVolume: { secretRef } }, 's;;'], [{ iscsi: { secretRef } }, 's;;'], [{ rbd: { secretRef } }, 's;;'], [{ scaleIO: { secretRef } }, 's;;'],
    [{ storageos: { secretRef } }, 's;;'], [{ csi: { driver: 'd', nodePublishSecretRef: secretRef } }, 's;;'], [{ configMap: { name: 'c' } }, ';c;'],
    [{ persistentVolumeClaim: { claimName: 'v' } }, ';;v'], [{ ephemeral: {} }, ';;p-volume'],
    [{ projected: { sources: [{ secret: { name: 's' } }, { configMap: { name: 'c' } }] } }, 's;c;'],
    [{ emptyDir: {} }, ';;'], [{ secret: { secretName: '' } }, ';;'], [{ configMap: {} }, ';;'],
  ]
  for (const [source, expected] of volumes) {
    assert.equal(namesOf(podOf({ volumes: [{ name: 'volume', ...source }] })), expected, JSON.stringify(source))
  }
  const inContainers: [container: object, expected: string][] = [
    [{ envFrom: [{ secretRef }] }, 's;;'], [{ envFrom: [{ configMapRef: { name: 'c' } }] }, ';c;'],
    [{ env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }, 's;;'],
    [{ env: [{ name: 'E', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] }, ';c;'],
    [{ env: [{ name: 'E', value: 's' }] }, ';;'],
  ]
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const [more, expected] of inContainers) assert.equal(namesOf(podOf({ [list]: [{ name: 'a', ...more }] })), expected, list)
  }
  assert.equal(namesOf(podOf({ imagePullSecrets: [secretRef, {}] })), 's;;')
  assert.equal(podReferences(podOf({ serviceAccountName: 'web' })).serviceAccount, 'web')
  const mirror = openedReferences(podOf({ imagePullSecrets: [secretRef], serviceAccountName: 'web' }, { 'kubernetes.io/config.mirror': '' }))
  assert.deepEqual([mirror.secrets.size, mirror.serviceAccount], [0, ''])
})
