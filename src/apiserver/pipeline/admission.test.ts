import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import { forbidden } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator, Validator } from '../access.ts'
import { admissionOf, readerOf } from '../access/object-reader.testing.ts'
import { TestClock } from '../apiserver.testing.ts'
import { AdmissionMetrics } from '../metrics/admission-metrics.ts'
import { Admission } from './admission.ts'

const seen: string[] = []

/** Says each time in which round it was asked. */
function mutator(name: string, made: 'changed' | 'refuses' | 'nothing', isLate = false): Mutator {
  const result = (): 'changed' | undefined => {
    if (made === 'refuses') throw forbidden({ group: '', resource: 'pods' }, 'p', name)
    return made === 'changed' ? 'changed' : undefined
  }
  return {
    name, matches: ({ operation }) => operation === 'CREATE',
    admit(_request, _reader, round) {
      seen.push(`${name} ${round}`)
      return isLate ? Promise.resolve().then(result) : result()
    },
  }
}

const warning: Validator = { name: 'Warns', matches: () => true, review: () => ({ allowed: true, warnings: ['mind'] }) }
const refusing: Validator = { name: 'Refuses', matches: () => true, review: async () => ({ allowed: false, code: 403, message: 'no' }) }

function admission(mutators: readonly Mutator[], validators: readonly Validator[] = [], completers: readonly Mutator[] = []): { it: Admission; metrics: AdmissionMetrics } {
  seen.length = 0
  const metrics = new AdmissionMetrics(new TestClock())
  return { it: new Admission({ mutators, validators, completers, observers: [], reader: readerOf([]), metrics }), metrics }
}

const request = (operation: AdmissionRequest['operation'] = 'CREATE'): AdmissionRequest =>
  admissionOf(operation, kinds.ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' } })

/** name admit CREATE false: 2 */
function counted(metrics: AdmissionMetrics): readonly string[] {
  return metrics.families().flatMap(({ samples }) => samples).filter(({ suffix }) => suffix === '_count')
    .map(({ labels, value }) => `${labels['name'] ?? 'step'} ${labels['type']} ${labels['operation']} ${labels['rejected']}: ${value}`)
}

test('a change asks for a second round of all, and never for a third; completers come once', async () => {
  const table: [Mutator[], string[]][] = [
    [[mutator('a', 'nothing'), mutator('b', 'nothing')], ['a first', 'b first', 'c first']],
    [[mutator('a', 'nothing'), mutator('b', 'changed')], ['a first', 'b first', 'a again', 'b again', 'c first']],
    [[mutator('a', 'changed', true), mutator('b', 'nothing')], ['a first', 'b first', 'a again', 'b again', 'c first']],
    [[mutator('a', 'nothing', true), mutator('b', 'changed', true)], ['a first', 'b first', 'a again', 'b again', 'c first']],
  ]
  for (const [mutators, expected] of table) {
    const { it } = admission(mutators, [], [mutator('c', 'changed')])
    assert.equal(await it.mutate(request()), true)
    assert.deepEqual(seen, expected)
  }
  const { it } = admission([mutator('a', 'changed')])
  assert.equal(it.mutate(request('DELETE')), false, 'nobody had anything to say, and nothing was waited for')
})

test('times are counted by plug-in and outcome, at once or later', async () => {
  for (const isLate of [false, true]) {
    const { it, metrics } = admission([mutator('Fills', 'nothing', isLate), mutator('Refuses', 'refuses', isLate)], [warning, refusing])
    await assert.rejects(async () => it.mutate(request()), { code: 403 })
    const warnings: string[] = []
    await assert.rejects(async () => it.validate(request(), { warn: (message) => void warnings.push(message) }), { code: 403, message: 'configmaps "a" is forbidden: no' })
    assert.deepEqual(warnings, ['mind'])
    assert.deepEqual(counted(metrics), [
      'step admit CREATE true: 1', 'step validate CREATE true: 1',
      'Fills admit CREATE false: 1', 'Refuses admit CREATE true: 1', 'Warns validate CREATE false: 1', 'Refuses validate CREATE true: 1',
    ])
  }
})

test('of plug-ins that Kubernetes knows all requests count whose operation they handle, as far as they have come', async () => {
  const idle = (name: string): Mutator => ({ name, matches: () => false, admit: () => assert.fail('nobody asks it') })
  const mutators = [idle('NamespaceLifecycle'), mutator('Fills', 'changed'), idle('Priority'), mutator('Refuses', 'refuses'), idle('MutatingAdmissionWebhook')]
  const quiet: Validator = { name: 'PodSecurity', matches: () => false, review: () => assert.fail('nobody asks it') }
  const { it, metrics } = admission(mutators.filter(({ name }) => name !== 'Refuses'), [quiet])
  await it.mutate(request())
  await it.validate(request(), { warn() {} })
  await it.validate(request('DELETE'), { warn() {} })
  assert.deepEqual(counted(metrics), [
    'step admit CREATE false: 1', 'step validate CREATE false: 1', 'step validate DELETE false: 1',
    'NamespaceLifecycle admit CREATE false: 2', 'Fills admit CREATE false: 2', 'Priority admit CREATE false: 2',
    'MutatingAdmissionWebhook admit CREATE false: 2', 'PodSecurity validate CREATE false: 1',
  ])
  const refusing = admission(mutators)
  await assert.rejects(async () => refusing.it.mutate(request()))
  assert.deepEqual(counted(refusing.metrics), [
    'step admit CREATE true: 1', 'NamespaceLifecycle admit CREATE false: 1', 'Fills admit CREATE false: 1',
    'Priority admit CREATE false: 1', 'Refuses admit CREATE true: 1',
  ])
})
