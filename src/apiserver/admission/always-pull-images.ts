import type { Container, EphemeralContainer, Pod, PodSpec } from '../../resources/generated/types.ts'
import type { AdmissionRequest, Mutator, Validator } from '../access.ts'
import { isPodWrite } from './pod-writes.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

/** Images are asked for at the registry each time, so that nobody runs one that only others may pull. */
export const alwaysPullImages: Mutator = {
  name: 'AlwaysPullImages',
  matches: bringsImages,
  admit({ object }) {
    for (const container of containersOf((object as Pod).spec)) container.imagePullPolicy = 'Always'
    for (const { image } of (object as Pod).spec?.volumes ?? []) if (image !== undefined) image.pullPolicy = 'Always'
  },
}

export const imagesAlwaysPulled: Validator = {
  name: 'AlwaysPullImages',
  matches: bringsImages,
  review({ object }) {
    const other = containersOf((object as Pod).spec).find(({ imagePullPolicy }) => imagePullPolicy !== 'Always')
    if (other === undefined) return ALLOWED
    const policy = JSON.stringify(other.imagePullPolicy)
    return forbiddenBecause(`container ${other.name}: Unsupported value: ${policy}: supported values: "Always"`)
  },
}

function bringsImages(request: AdmissionRequest): boolean {
  if (!isPodWrite(request)) return false
  if (request.operation === 'CREATE') return true
  if (request.operation !== 'UPDATE') return false
  const before = new Set(containersOf((request.old as Pod).spec).map(({ image }) => image))
  return containersOf((request.object as Pod).spec).some(({ image }) => !before.has(image))
}

function containersOf(spec: PodSpec | undefined): readonly (Container | EphemeralContainer)[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]
}
