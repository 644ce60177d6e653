import type { SELinuxOptions } from '../../resources/generated/types.ts'
import { containersOf, containersText, isWindows, plural, quoted, settersText, sorted } from './subject.ts'
import type { Subject, Violation } from './subject.ts'

const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/'
const SECCOMP_POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_CONTAINER_ANNOTATION = 'container.seccomp.security.alpha.kubernetes.io/'

/** A profile was chosen that confines nothing. */
function isLoose(profile: { readonly type: string } | undefined): boolean {
  return profile !== undefined && profile.type !== 'RuntimeDefault' && profile.type !== 'Localhost'
}

/** By field, and by the annotations from before there were fields. */
export function appArmorProfile({ metadata, spec }: Subject): Violation | undefined {
  const podType = spec.securityContext?.appArmorProfile?.type ?? ''
  const podItself = isLoose(spec.securityContext?.appArmorProfile)
  const bad = containersOf(spec).filter(({ securityContext }) => isLoose(securityContext?.appArmorProfile))
  const annotations = Object.entries(metadata?.annotations ?? {})
    .filter(([name, value]) => name.startsWith(APPARMOR_ANNOTATION) && !/^(runtime\/default|localhost\/.*|)$/s.test(value))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .sort()
  const types = sorted([...(podItself ? [podType] : []), ...bad.map(({ securityContext }) => securityContext?.appArmorProfile?.type ?? '')])
  const setters = [
    ...(podItself || bad.length > 0 ? [settersText(podItself, bad.map(({ name }) => name))] : []),
    ...(annotations.length > 0 ? [plural(annotations.length, 'annotation', 'annotations')] : []),
  ]
  if (setters.length === 0) return undefined
  const values = [...types, ...annotations]
  return {
    reason: plural(values.length, 'forbidden AppArmor profile', 'forbidden AppArmor profiles'),
    detail: `${setters.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  }
}

/** Until v1.18 profiles were named in annotations. */
export function seccompBaseline0({ metadata, spec }: Subject): Violation | undefined {
  const annotations = metadata?.annotations ?? {}
  const names = [SECCOMP_POD_ANNOTATION, ...containersOf(spec).map(({ name }) => SECCOMP_CONTAINER_ANNOTATION + name)]
  const bad = sorted(names.flatMap((name) => {
    const value = annotations[name]
    const isFine = value === undefined || value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')
    return isFine ? [] : [`${name}=${JSON.stringify(value)}`]
  }))
  if (bad.length === 0) return undefined
  return { reason: 'seccompProfile', detail: `forbidden ${plural(bad.length, 'annotation', 'annotations')} ${bad.join(', ')}` }
}

export function seccompBaseline19({ spec }: Subject): Violation | undefined {
  const podType = spec.securityContext?.seccompProfile?.type ?? ''
  const podItself = isLoose(spec.securityContext?.seccompProfile)
  const bad = containersOf(spec).filter(({ securityContext }) => isLoose(securityContext?.seccompProfile))
  const setters = settersText(podItself, bad.map(({ name }) => name))
  if (setters === '') return undefined
  const types = sorted([...(podItself ? [podType] : []), ...bad.map(({ securityContext }) => securityContext?.seccompProfile?.type ?? '')])
  return { reason: 'seccompProfile', detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(types)}` }
}

/** Some profile must be chosen, by the pod or by each container. */
export function seccompRestricted19(subject: Subject): Violation | undefined {
  const unconfined = seccompBaseline19(subject)
  if (unconfined !== undefined) return unconfined
  const { spec } = subject
  if (spec.securityContext?.seccompProfile !== undefined) return undefined
  const silent = containersOf(spec).filter(({ securityContext }) => securityContext?.seccompProfile === undefined).map(({ name }) => name)
  if (silent.length === 0) return undefined
  const detail = `pod or ${containersText(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`
  return { reason: 'seccompProfile', detail }
}

export function seccompRestricted25(subject: Subject): Violation | undefined {
  return isWindows(subject.spec) ? undefined : seccompRestricted19(subject)
}

function seLinuxOptions(types: readonly string[]): (subject: Subject) => Violation | undefined {
  const isFine = ({ type = '', user = '', role = '' }: SELinuxOptions): boolean => types.includes(type) && user === '' && role === ''
  return ({ spec }) => {
    const ofPod = spec.securityContext?.seLinuxOptions
    const bad = containersOf(spec).filter(({ securityContext }) => !isFine(securityContext?.seLinuxOptions ?? {}))
    const podItself = ofPod !== undefined && !isFine(ofPod)
    const setters = settersText(podItself, bad.map(({ name }) => name))
    if (setters === '') return undefined
    const options = [...(podItself ? [ofPod] : []), ...bad.map(({ securityContext }) => securityContext?.seLinuxOptions ?? {})]
    const badTypes = sorted(options.map(({ type = '' }) => type).filter((type) => !types.includes(type)))
    const details = [
      ...(badTypes.length > 0 ? [`${plural(badTypes.length, 'type', 'types')} ${quoted(badTypes)}`] : []),
      ...(options.some(({ user = '' }) => user !== '') ? ['user may not be set'] : []),
      ...(options.some(({ role = '' }) => role !== '') ? ['role may not be set'] : []),
    ]
    return { reason: 'seLinuxOptions', detail: `${setters} set forbidden securityContext.seLinuxOptions: ${details.join('; ')}` }
  }
}

const CONTAINER_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t']
export const seLinuxOptions0 = seLinuxOptions(CONTAINER_TYPES)
export const seLinuxOptions31 = seLinuxOptions([...CONTAINER_TYPES, 'container_engine_t'])
