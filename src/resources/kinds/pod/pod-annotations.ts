import { forbiddenField, invalidValue } from '../../../objects/field-error.ts'
import { parseJson } from '../../../objects/json-text.ts'
import { isObject } from '../../../objects/json.ts'
import type { ObjectMeta } from '../../../objects/kube-object.ts'
import type { Errors } from '../../field-checks.ts'
import type { Pod, PodSpec, Toleration } from '../../generated/types.ts'
import { containersInPlace } from './containers-in-place.ts'
import { checkRelativePath } from './path-checks.ts'
import { checkTolerations } from './scheduling-checks.ts'

/** Annotations that mean something to Kubernetes. Some have become fields since; what they say has to be right all the same. */
export const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'
export const SECCOMP_POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod'
export const SECCOMP_PREFIX = 'container.seccomp.security.alpha.kubernetes.io/'
export const APP_ARMOR_PREFIX = 'container.apparmor.security.beta.kubernetes.io/'
const TOLERATIONS_ANNOTATION = 'scheduler.alpha.kubernetes.io/tolerations'
const DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost'
const LOCALHOST = 'localhost/'
const RUNTIME_DEFAULTS: readonly (string | undefined)[] = ['runtime/default', 'docker/default']

type Annotations = Readonly<Record<string, string>>

/** path: metadata.annotations. before: what stood there before an update. */
export function checkPodAnnotations(
  errors: Errors, path: string, annotations: Annotations | undefined, spec: PodSpec, before?: Annotations,
): void {
  let containers: ReadonlySet<string> | undefined
  for (const key in annotations) {
    const value = annotations[key] ?? ''
    if (key === MIRROR_ANNOTATION) {
      if ((spec.nodeName ?? '') === '') {
        errors.push(invalidValue(`${path}[${key}]`, value, 'must set spec.nodeName if mirror pod annotation is set'))
      }
    } else if (key === TOLERATIONS_ANNOTATION) checkTolerationsText(errors, path, value)
    else if (key === DELETION_COST_ANNOTATION) {
      const stood = before?.[key]
      if (!isDeletionCost(value) && (stood === undefined || isDeletionCost(stood))) {
        errors.push(invalidValue(`${path}[${key}]`, value, 'must be a 32bit integer'))
      }
    } else if (key === SECCOMP_POD_ANNOTATION || key.startsWith(SECCOMP_PREFIX)) checkSeccompText(errors, `${path}.${key}`, value)
    else if (key.startsWith(APP_ARMOR_PREFIX)) {
      containers ??= new Set(containersInPlace('', spec).map(({ container }) => container.name))
      checkAppArmorText(errors, `${path}[${key}]`, value, key.slice(APP_ARMOR_PREFIX.length), containers)
    }
  }
}

/** Neither a plus sign nor leading zeros: 10, -10, 0. */
function isDeletionCost(text: string): boolean {
  return /^(0|[1-9]\d*|-\d+)$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31
}

function checkTolerationsText(errors: Errors, path: string, text: string): void {
  if (text === '') return
  const tolerations = parseTolerations(text)
  if (tolerations === undefined) errors.push(invalidValue(path, TOLERATIONS_ANNOTATION, 'must be a JSON list of tolerations'))
  else checkTolerations(errors, `${path}.${TOLERATIONS_ANNOTATION}`, tolerations)
}

function parseTolerations(text: string): Toleration[] | undefined {
  try {
    const list: unknown = parseJson(text)
    return Array.isArray(list) && list.every(isToleration) ? list : undefined
  } catch {
    return undefined
  }
}

const TOLERATION_TEXTS = ['key', 'operator', 'value', 'effect']

function isToleration(item: unknown): item is Toleration {
  if (!isObject(item)) return false
  const { tolerationSeconds: seconds } = item
  return TOLERATION_TEXTS.every((field) => item[field] === undefined || typeof item[field] === 'string')
    && (seconds === undefined || typeof seconds === 'number')
}

function checkSeccompText(errors: Errors, path: string, profile: string): void {
  if (RUNTIME_DEFAULTS.includes(profile) || profile === 'unconfined') return
  if (profile.startsWith(LOCALHOST)) checkRelativePath(errors, path, profile.slice(LOCALHOST.length))
  else errors.push(invalidValue(path, profile, 'must be a valid seccomp profile'))
}

function checkAppArmorText(errors: Errors, path: string, profile: string, container: string, containers: ReadonlySet<string>): void {
  if (!containers.has(container)) errors.push(invalidValue(path, container, 'container not found'))
  if (profile === '' || profile === 'runtime/default' || profile === 'unconfined' || profile.startsWith(LOCALHOST)) return
  errors.push(invalidValue(path, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`))
}

/** What a container is confined to stays as it was when it started; and what a node has made for itself stays the node's. */
export function checkAnnotationUpdate(errors: Errors, pod: Pod, old: Pod): void {
  const [now, before] = [pod.metadata.annotations, old.metadata.annotations]
  if (now === before) return
  const path = 'metadata.annotations'
  const report = (key: string, what: string): void => {
    if (key.startsWith(APP_ARMOR_PREFIX)) errors.push(forbiddenField(`${path}[${key}]`, `may not ${what} AppArmor annotations`))
    if (key === MIRROR_ANNOTATION) errors.push(forbiddenField(`${path}[${key}]`, `may not ${what} mirror pod annotation`))
  }
  for (const key in before) if (now?.[key] !== before[key]) report(key, 'remove or update')
  for (const key in now) if (before?.[key] === undefined) report(key, 'add')
  checkPodAnnotations(errors, path, now, pod.spec ?? { containers: [] }, before)
}

interface Profile {
  readonly type: string
  readonly localhostProfile?: string
}

/** Who says it both ways has to say the same. specPath: spec, template.spec. */
export function checkProfilesMatch(errors: Errors, specPath: string, metadata: ObjectMeta | undefined, spec: PodSpec): void {
  const annotations = metadata?.annotations
  if (annotations === undefined || !hasProfiles(annotations)) return
  const { securityContext: shared, os } = spec
  checkMatch(errors, `${specPath}.securityContext.seccompProfile`, 'seccomp', annotations[SECCOMP_POD_ANNOTATION], shared?.seccompProfile)
  const containers = containersInPlace(specPath, spec)
  for (const { container: { name, securityContext }, path } of containers) {
    const field = `${path}.securityContext.seccompProfile`
    checkMatch(errors, field, 'seccomp', annotations[`${SECCOMP_PREFIX}${name}`], securityContext?.seccompProfile)
  }
  if (os?.name === 'windows') return
  for (const { container: { name, securityContext }, path } of containers) {
    const profile = securityContext?.appArmorProfile ?? shared?.appArmorProfile
    checkMatch(errors, `${path}.securityContext.appArmorProfile`, 'apparmor', annotations[`${APP_ARMOR_PREFIX}${name}`], profile)
  }
}

function hasProfiles(annotations: Annotations): boolean {
  for (const key in annotations) {
    if (key === SECCOMP_POD_ANNOTATION || key.startsWith(SECCOMP_PREFIX) || key.startsWith(APP_ARMOR_PREFIX)) return true
  }
  return false
}

function checkMatch(
  errors: Errors, path: string, what: 'apparmor' | 'seccomp', annotation: string | undefined, profile: Profile | undefined,
): void {
  if (annotation === undefined || profile === undefined) return
  const defaults = what === 'seccomp' ? RUNTIME_DEFAULTS : RUNTIME_DEFAULTS.slice(0, 1)
  const differs = (field: string, part: string): void =>
    void errors.push(forbiddenField(`${path}.${field}`, `${what} ${part} in annotation and field must match`))
  switch (profile.type) {
    case 'Unconfined':
      if (annotation !== 'unconfined') differs('type', 'type')
      break
    case 'RuntimeDefault':
      if (!defaults.includes(annotation)) differs('type', 'type')
      break
    case 'Localhost':
      if (!annotation.startsWith(LOCALHOST)) differs('type', 'type')
      else if (annotation.slice(LOCALHOST.length) !== profile.localhostProfile) differs('localhostProfile', 'profile')
      break
  }
}
