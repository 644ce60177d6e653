import { isObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { applyJsonPatch } from '../../objects/patch-json.ts'
import { applyMergePatch } from '../../objects/patch-merge.ts'
import { invalidValue } from '../../objects/field-error.ts'
import { badRequest, internalError, invalid, notFound, unsupportedMediaType } from '../../words/status-error.ts'
import type { ServedResource } from '../resource-set.ts'
import { shownAs } from '../shown-objects.ts'
import { servedOnce } from '../watch-cache/cached-object.ts'
import { freshDraft } from './fresh-draft.ts'
import type { ObjectPatch } from './patch.ts'
import { rulesOf, scaleOf } from './scale-view.ts'
import { updateObject } from './update.ts'
import type { PipelineParts, WriteRequest, Written } from './write-request.ts'
import { resourceName } from './write-request.ts'

export async function readScale(resource: ServedResource, key: { namespace: string; name: string }): Promise<KubeObject> {
  const cached = resource.cache.get(key)
  if (cached === undefined) throw notFound(resourceName(resource), key.name)
  const { object } = await shownAs(resource, cached)
  const { replicas, replicasPath } = rulesOf(resource)
  if (replicas(object) === undefined) throw internalError(`the spec replicas field ${JSON.stringify(replicasPath)} does not exist`)
  return scaleOf(resource, object)
}

export async function replaceScale(parts: PipelineParts, request: WriteRequest, body: JsonObject): Promise<Written> {
  return setScale(parts, request, () => body)
}

export async function patchScale(parts: PipelineParts, request: WriteRequest, patch: ObjectPatch): Promise<Written> {
  const { replicasPath } = rulesOf(request.resource)
  return setScale(parts, request, (scale) => {
    const patched = patchedScale(scale, patch)
    const spec = isObject(patched) ? patched['spec'] : undefined
    if (isObject(spec) && spec['replicas'] === undefined) {
      throw badRequest(`the spec replicas field ${JSON.stringify(replicasPath)} cannot be empty`)
    }
    return patched
  })
}

function patchedScale(scale: KubeObject, patch: ObjectPatch): unknown {
  if (patch.type === 'json') return applyJsonPatch(scale, patch.operations)
  if (patch.type === 'merge' || patch.type === 'strategic') return applyMergePatch(scale, patch.body)
  throw unsupportedMediaType('scale takes no apply patch; use application/merge-patch+json')
}

async function setScale(parts: PipelineParts, request: WriteRequest, change: (scale: KubeObject) => unknown): Promise<Written> {
  const { resource } = request
  const rules = rulesOf(resource)
  const written = await updateObject(parts, request, (current) => {
    const wanted = checked(request, change(scaleOf(resource, current)))
    const draft = freshDraft(current)
    rules.setReplicas(draft, wanted.replicas)
    draft.metadata.resourceVersion = wanted.resourceVersion
    if (wanted.uid !== '') draft.metadata.uid = wanted.uid
    return { object: draft }
  })
  return { created: false, served: servedOnce(scaleOf(resource, written.served.object)) }
}

const MAX_REPLICAS = 2 ** 31 - 1

function checked(request: WriteRequest, scale: unknown): { replicas: number; resourceVersion: string; uid: string } {
  if (!isObject(scale)) throw badRequest('the body must be an autoscaling/v1 Scale')
  if (scale['kind'] !== undefined && scale['kind'] !== 'Scale') {
    throw badRequest(`the body must be an autoscaling/v1 Scale, not ${jsonText(scale['kind'])}`)
  }
  const metadata = isObject(scale['metadata']) ? scale['metadata'] : {}
  const spec = isObject(scale['spec']) ? scale['spec'] : {}
  const replicas = spec['replicas'] ?? 0
  const { name, namespace } = request.key
  if (typeof replicas === 'bigint' || (typeof replicas === 'number' && Math.abs(replicas) > MAX_REPLICAS)) {
    const why = `json: cannot unmarshal number ${replicas} into Go struct field ScaleSpec.spec.replicas of type int32`
    throw badRequest(`Scale in version "v1" cannot be handled as a Scale: ${why}`)
  }
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) throw badRequest('Scale: spec.replicas must be an integer')
  if (textOf(metadata, 'name', name) !== name || textOf(metadata, 'namespace', namespace) !== namespace) {
    throw badRequest('the name and namespace of the Scale do not match those on the URL')
  }
  if (replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
      invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
  }
  return { replicas, resourceVersion: textOf(metadata, 'resourceVersion', ''), uid: textOf(metadata, 'uid', '') }
}

function textOf(metadata: JsonObject, field: string, otherwise: string): string {
  const value = metadata[field]
  return typeof value === 'string' && value !== '' ? value : otherwise
}
