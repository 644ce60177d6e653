import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samplePod } from '../../sample-objects.testing.ts'
import type { Change } from '../checking.testing.ts'
import { changed, context } from '../checking.testing.ts'
import { pods } from './pod.ts'

const KEY = 'container.apparmor.security.beta.kubernetes.io/web'
const WARNING = `metadata.annotations[${KEY}]: deprecated since v1.30; use the "appArmorProfile" field instead`
const SHARED = 'spec.securityContext.appArmorProfile'
const OWN = 'spec.containers[0].securityContext'

function check(change: Change, annotation: string | undefined, profile: object | undefined, ...expected: string[]): void {
  const draft = changed(samplePod(), change)
  const warnings: string[] = []
  pods.prepareForCreate(draft, { ...context, warn: (message) => void warnings.push(message) })
  assert.equal(draft.metadata.annotations?.[KEY], annotation)
  assert.deepEqual(draft.spec?.containers[0]?.securityContext?.appArmorProfile, profile)
  assert.deepEqual(warnings, expected)
}

test('a profile is said in the field and in the annotation', () => {
  const [runtime, local] = [{ type: 'RuntimeDefault' }, { type: 'Localhost', localhostProfile: 'a' }]
  check({}, undefined, undefined)
  check({ [SHARED]: runtime }, 'runtime/default', undefined)
  check({ [SHARED]: runtime, [OWN]: { appArmorProfile: local } }, 'localhost/a', local)
  check({ [OWN]: { appArmorProfile: { type: 'Unconfined' } } }, 'unconfined', { type: 'Unconfined' })
  check({ [OWN]: { appArmorProfile: { type: 'Localhost' } } }, undefined, { type: 'Localhost' })
  check({ 'spec.os': { name: 'windows' }, [SHARED]: runtime }, undefined, undefined)
  const annotated = (text: string): Change => ({ 'metadata.annotations': { [KEY]: text } })
  check(annotated('localhost/a'), 'localhost/a', local, WARNING)
  check(annotated('unconfined'), 'unconfined', { type: 'Unconfined' }, WARNING)
  for (const odd of ['', 'odd', 'localhost/', 'localhost/ a']) check(annotated(odd), odd, undefined, WARNING)
  check({ ...annotated('runtime/default'), [SHARED]: runtime }, 'runtime/default', undefined)
  check({ ...annotated('unconfined'), [SHARED]: runtime }, 'unconfined', { type: 'Unconfined' }, WARNING)
  check({ ...annotated('unconfined'), [OWN]: { appArmorProfile: runtime } }, 'unconfined', runtime)
})
