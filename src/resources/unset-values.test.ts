import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Schema } from '../objects/schema.ts'
import { omitsEmpty } from './unset-values.ts'

const text: Schema = { type: 'string' }
const number: Schema = { type: 'int32' }
const flag: Schema = { type: 'boolean' }

test('an empty value counts as none where upstream holds it by value', () => {
  const table: readonly [string, Schema, boolean][] = [
    ['hostname', text, true], ['phase', text, true], ['hostPort', number, true], ['stdin', flag, true],
    // Words of the user, who is told that an empty one is none of those that there are.
    ['completionMode', text, false], ['podReplacementPolicy', text, false], ['volumeBindingMode', text, false], ['fsGroupPolicy', text, false],
    ['unhealthyPodEvictionPolicy', text, false], ['preemptionPolicy', text, false], ['selectPolicy', text, false], ['timeZone', text, false],
    ['managedBy', text, false], ['persistentVolumeName', text, false], ['succeededIndexes', text, false],
    // A processor that idles is not one of which nothing is known; a duration of no seconds is too short.
    ['averageUtilization', number, false], ['currentCPUUtilizationPercentage', number, false], ['expirationSeconds', number, false],
    ['succeededCount', number, false], ['replicas', number, false], ['automountServiceAccountToken', flag, false],
  ]
  for (const [name, schema, omitted] of table) assert.equal(omitsEmpty(name, schema), omitted, name)
})
