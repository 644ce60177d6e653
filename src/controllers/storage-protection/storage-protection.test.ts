import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PersistentVolumeClaim } from '../../resources/generated/types.ts'
import { formatTime } from '../../words/instant.ts'
import { NOW, lines, pod } from '../objects.testing.ts'
import { planClaim } from './claims.ts'
import { planVolume } from './volumes.ts'

test('storage stays while it is used', () => {
  const metadata = { name: 'data', namespace: 'shop', deletionTimestamp: formatTime(NOW), finalizers: ['kubernetes.io/pvc-protection', 'example.com/x'] }
  const claim: PersistentVolumeClaim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata }
  assert.deepEqual(planClaim({ claim, users: [pod('a')] }), { actions: [], why: 'Pod shop/a still uses it.' })
  const [action] = planClaim({ claim, users: [] }).actions
  assert.deepEqual(action?.verb === 'update' ? action.object.metadata.finalizers : undefined, ['example.com/x'])
  const volume = (phase: string) => ({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v', finalizers: ['kubernetes.io/pv-protection'] }, status: { phase } })
  assert.deepEqual(['Bound', 'Released', 'Available'].map((phase) => lines(planVolume(volume(phase)).actions).length), [0, 1, 1])
})
