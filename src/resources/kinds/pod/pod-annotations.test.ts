import { test } from 'node:test'
import { samplePod } from '../../sample-objects.testing.ts'
import { samplePodTemplate } from '../../sample-workloads.testing.ts'
import type { Change } from '../checking.testing.ts'
import { createChecks, updateChecks } from '../checking.testing.ts'
import { podTemplates } from '../pod-template.ts'
import { pods } from './pod.ts'

const check = createChecks(pods, samplePod)
const MIRROR = 'kubernetes.io/config.mirror'
const COST = 'controller.kubernetes.io/pod-deletion-cost'
const SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_WEB = 'container.seccomp.security.alpha.kubernetes.io/web'
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/'
const TOLERATIONS = 'scheduler.alpha.kubernetes.io/tolerations'
const path = 'metadata.annotations'

/** annotated({[key]: value}): the change that gives the pod these annotations and no others. */
function annotated(annotations: Record<string, string>): Change {
  return { 'metadata.annotations': annotations }
}

test('annotations that mean something', () => {
  check(annotated({ [MIRROR]: 'x' }), `${path}[${MIRROR}]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set`)
  check({ ...annotated({ [MIRROR]: 'x' }), 'spec.nodeName': 'n' })
  for (const cost of ['0', '-10', '2147483647', '-05']) check(annotated({ [COST]: cost }))
  for (const cost of ['', '+1', '01', '1.5', '2147483648']) {
    check(annotated({ [COST]: cost }), `${path}[${COST}]: Invalid value: "${cost}": must be a 32bit integer`)
  }
  for (const profile of ['runtime/default', 'docker/default', 'unconfined', 'localhost/a/b']) check(annotated({ [SECCOMP]: profile, [SECCOMP_WEB]: profile }))
  check(annotated({ [SECCOMP]: 'odd' }), `${path}.${SECCOMP}: Invalid value: "odd": must be a valid seccomp profile`)
  check(annotated({ [SECCOMP_WEB]: 'localhost//a' }), `${path}.${SECCOMP_WEB}: Invalid value: "/a": must be a relative path`)
  for (const profile of ['', 'runtime/default', 'unconfined', 'localhost/a']) check(annotated({ [`${APP_ARMOR}web`]: profile }))
  check(annotated({ [`${APP_ARMOR}web`]: 'odd' }), `${path}[${APP_ARMOR}web]: Invalid value: "odd": invalid AppArmor profile name: "odd"`)
  check(annotated({ [`${APP_ARMOR}other`]: 'unconfined' }), `${path}[${APP_ARMOR}other]: Invalid value: "other": container not found`)
  check(annotated({ [TOLERATIONS]: '' }))
  check(annotated({ [TOLERATIONS]: '[{"key":"a","operator":"Like"}]' }),
    `${path}.${TOLERATIONS}[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists"`)
  check(annotated({ [TOLERATIONS]: '{' }), `${path}: Invalid value: "${TOLERATIONS}": must be a JSON list of tolerations`)
  check(annotated({ [TOLERATIONS]: '[{"key":1}]' }), `${path}: Invalid value: "${TOLERATIONS}": must be a JSON list of tolerations`)
})

test('annotations and fields say the same', () => {
  const security = 'spec.containers[0].securityContext'
  check({ ...annotated({ [SECCOMP]: 'docker/default' }), 'spec.securityContext.seccompProfile': { type: 'RuntimeDefault' } })
  check({ ...annotated({ [SECCOMP]: 'unconfined' }), 'spec.securityContext.seccompProfile': { type: 'RuntimeDefault' } },
    'spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match')
  check({ ...annotated({ [SECCOMP_WEB]: 'localhost/a' }), [`${security}.seccompProfile`]: { type: 'Localhost', localhostProfile: 'b' } },
    `${security}.seccompProfile.localhostProfile: Forbidden: seccomp profile in annotation and field must match`)
  check({ ...annotated({ [`${APP_ARMOR}web`]: 'runtime/default' }), [`${security}.appArmorProfile`]: { type: 'Unconfined' } },
    `${security}.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match`)
  check({ ...annotated({ [`${APP_ARMOR}web`]: 'localhost/a' }), [`${security}.appArmorProfile`]: { type: 'Localhost', localhostProfile: 'b' } },
    `${security}.appArmorProfile.localhostProfile: Forbidden: apparmor profile in annotation and field must match`)
  const template = createChecks(podTemplates, samplePodTemplate)
  template({ 'template.metadata.annotations': { [COST]: 'x' } }, `template.annotations[${COST}]: Invalid value: "x": must be a 32bit integer`)
})

test('a template without a spec', () => {
  createChecks(podTemplates, samplePodTemplate)({ template: undefined }, 'template.spec.containers: Required value')
})

test('what an update may not do to them', () => {
  const update = updateChecks(pods, samplePod)
  const key = `${APP_ARMOR}web`
  update({}, annotated({ a: 'b' }))
  update({}, annotated({ [key]: 'unconfined' }), `${path}[${key}]: Forbidden: may not add AppArmor annotations`)
  update(annotated({ [key]: 'unconfined' }), annotated({}), `${path}[${key}]: Forbidden: may not remove or update AppArmor annotations`)
  const mirror = { ...annotated({ [MIRROR]: 'x' }), 'spec.nodeName': 'n' }
  update(mirror, annotated({ [MIRROR]: 'y' }), `${path}[${MIRROR}]: Forbidden: may not remove or update mirror pod annotation`)
  update({ 'spec.nodeName': 'n' }, annotated({ [MIRROR]: 'x' }), `${path}[${MIRROR}]: Forbidden: may not add mirror pod annotation`)
  update(annotated({ [COST]: '1' }), annotated({ [COST]: 'x' }), `${path}[${COST}]: Invalid value: "x": must be a 32bit integer`)
  update(annotated({ [COST]: 'x' }), annotated({ [COST]: 'y' }))
})
