import { sameJson } from '../../../objects/json.ts'
import type { PrepareContext } from '../../definition.ts'
import type { AppArmorProfile, Container, Pod } from '../../generated/types.ts'
import type { Errors } from '../../field-checks.ts'
import { APP_ARMOR_PREFIX } from './pod-annotations.ts'
import { checkAppArmor } from './validate-security.ts'

const LOCALHOST = 'localhost/'

/** Nodes and programs read either the fields or the annotations that were there before them: a new pod says it both ways. */
export function alignAppArmor(draft: Pod, context: Pick<PrepareContext, 'warn'>): void {
  const { spec } = draft
  if (spec === undefined || spec.os?.name === 'windows') return
  const shared = spec.securityContext?.appArmorProfile
  const annotations = draft.metadata.annotations ?? {}
  const inFields = shared !== undefined || [...spec.containers ?? [], ...spec.initContainers ?? []].some(({ securityContext }) => (
    securityContext?.appArmorProfile !== undefined
  ))
  if (!inFields && !Object.keys(annotations).some((key) => key.startsWith(APP_ARMOR_PREFIX))) return
  const added = new Map<string, string>()
  const aligned = <T extends Pick<Container, 'name' | 'securityContext'>>(container: T): T => {
    const key = `${APP_ARMOR_PREFIX}${container.name}`
    const profile = container.securityContext?.appArmorProfile
    if (!Object.hasOwn(annotations, key)) {
      const text = textOf(profile ?? shared)
      if (text !== undefined) added.set(key, text)
      return container
    }
    if (profile !== undefined) return container
    const annotated = profileOf(annotations[key] ?? '')
    const isNews = annotated !== undefined && !sameJson(annotated, shared)
    if (isNews || annotated === undefined) {
      context.warn(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
    }
    return isNews ? { ...container, securityContext: { ...container.securityContext, appArmorProfile: annotated } } : container
  }
  draft.spec = {
    ...spec, containers: (spec.containers ?? []).map(aligned),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(aligned) }),
  }
  if (added.size > 0) draft.metadata.annotations = { ...annotations, ...Object.fromEntries(added) }
}

function textOf(profile: AppArmorProfile | undefined): string | undefined {
  switch (profile?.type) {
    case 'Unconfined': return 'unconfined'
    case 'RuntimeDefault': return 'runtime/default'
    case 'Localhost': return profile.localhostProfile === undefined ? undefined : `${LOCALHOST}${profile.localhostProfile}`
    default: return undefined
  }
}

/** undefined: no profile, or none that a field may hold. */
function profileOf(text: string): AppArmorProfile | undefined {
  if (text === 'unconfined') return { type: 'Unconfined' }
  if (text === 'runtime/default') return { type: 'RuntimeDefault' }
  if (!text.startsWith(LOCALHOST)) return undefined
  const profile = { type: 'Localhost', localhostProfile: text.slice(LOCALHOST.length) }
  const errors: Errors = []
  checkAppArmor(errors, '', profile)
  return errors.length === 0 ? profile : undefined
}
