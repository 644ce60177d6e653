import type { KubeObject, ManagedFieldsEntry, ObjectKey } from '../../objects/kube-object.ts'
import { validateMetadataForCreate } from '../../objects/metadata.ts'
import type { PrepareContext } from '../../resources/definition.ts'
import { alreadyExists, invalid, noNameLeft } from '../../words/status-error.ts'
import type { AdmissionRequest } from '../access.ts'
import { shownAs, storedAs } from '../shown-objects.ts'
import { objectKeyText } from '../storage/keys.ts'
import { servedOnce } from '../watch-cache/cached-object.ts'
import type { CachedObject, Served } from '../watch-cache/cached-object.ts'
import { commitObject } from './commit.ts'
import { checkManagedFields, hasWrongOwners, trackWrite, withoutNewOwners } from './managed-fields.ts'
import { checkPlace, generatedName, placeNew, stampNew } from './metadata.ts'
import { decodeFields } from './schema-stage.ts'
import { resourceName } from './write-request.ts'
import type { PipelineParts, WriteRequest, Written } from './write-request.ts'

const MAX_GENERATED_NAMES = 8

/** decode -> default -> mutate -> name -> prepare -> validate -> admit -> convert -> commit. body is a fresh object, ours to change. */
export async function createObject(
  parts: PipelineParts, request: WriteRequest, body: object, tracked?: ManagedFieldsEntry[],
): Promise<Written> {
  const draft = draftOf(parts, request, body)
  const admission = admissionOf(request, draft)
  let outcome: 'stored' | 'not-stored' = 'not-stored'
  try {
    const generated = await admitNew(parts, request, { draft, admission, tracked })
    if (request.dryRun) return { served: dryCreate(request, draft), created: true }
    const cached = await store(parts, request, { draft, admission, generated })
    outcome = 'stored'
    const { resource } = request
    return { served: resource.remote === undefined ? cached.seen(resource.view) : await shownAs(resource, cached), created: true }
  } finally {
    parts.admission.settle(admission, outcome)
  }
}

/** The body as an object with its defaults. */
function draftOf(parts: PipelineParts, request: WriteRequest, body: object): KubeObject {
  const draft = decodeFields(parts, request, body)
  request.resource.definition.defaults(draft)
  placeNew(request, draft)
  return draft
}

interface NewObject {
  readonly draft: KubeObject
  readonly admission: NamedLater
  /** The managed fields that an apply has worked out. */
  readonly tracked: ManagedFieldsEntry[] | undefined
}

/** Who changes drafts sees no name yet where there is only generateName; who judges them sees the one that was made up. */
interface NamedLater extends AdmissionRequest {
  key: ObjectKey
}

/** True where the name was made up from metadata.generateName. */
async function admitNew(parts: PipelineParts, request: WriteRequest, { draft, admission, tracked }: NewObject): Promise<boolean> {
  const { definition } = request.resource
  // Its author owns what he has written and what that means by default, but nothing that admission adds.
  const given = tracked === undefined ? draft.metadata.managedFields : undefined
  const owners = tracked ?? trackWrite(parts, request, draft, undefined)
  setManagedFields(draft, owners)
  const mutated = parts.admission.mutate(admission)
  if (typeof mutated === 'boolean' ? mutated : await mutated) {
    definition.defaults(draft)
    checkPlace(request, draft)
    if (hasWrongOwners(draft)) setManagedFields(draft, owners)
  }
  const generated = stampNew(parts, request, draft)
  const name = draft.metadata.name ?? ''
  if (name !== admission.key.name) admission.key = { namespace: admission.key.namespace, name }
  definition.prepareForCreate(draft, prepareContext(parts, request))
  validateNew(request, draft)
  if (given !== undefined) checkManagedFields(request, draft)
  const validating = parts.admission.validate(admission, request)
  if (validating !== undefined) await validating
  return generated
}

function validateNew(request: WriteRequest, draft: KubeObject): void {
  const { definition, kind } = request.resource
  const errors = [
    ...validateMetadataForCreate(withoutNewOwners(draft.metadata, undefined), {
      namespaced: kind.namespaced, nameRule: definition.nameRule, finalizerRule: definition.finalizerRule,
    }),
    ...definition.validateCreate(draft),
  ]
  if (errors.length > 0) throw invalid(kind, draft.metadata.name ?? '', errors)
}

function dryCreate(request: WriteRequest, draft: KubeObject): Served {
  const { cache } = request.resource
  const name = draft.metadata.name ?? ''
  if (cache.get({ namespace: draft.metadata.namespace ?? '', name }) !== undefined) {
    throw alreadyExists(resourceName(request.resource), name)
  }
  return servedOnce(draft)
}

/** A generated name that is taken is generated anew; a name that was asked for is not. */
async function store(
  parts: PipelineParts, request: WriteRequest,
  { draft, admission, generated }: Pick<NewObject, 'admission' | 'draft'> & { readonly generated: boolean },
): Promise<CachedObject> {
  const { resource } = request
  const charge = parts.charges.chargeOf(admission, draft)
  let object = draft
  for (let attempt = 1; ; attempt++) {
    const name = object.metadata.name ?? ''
    const key = objectKeyText(resource.cache.prefix, { namespace: object.metadata.namespace ?? '', name })
    const taken = resource.cache.getByText(key) !== undefined
    const stored = taken ? undefined : storedAs(resource, object)
    const result = stored === undefined
      ? undefined
      : await commitObject(parts, key, stored instanceof Promise ? await stored : stored, 0, charge)
    if (result?.outcome === 'stored') return result.cached
    if ((draft.metadata.generateName ?? '') === '') throw alreadyExists(resourceName(resource), name)
    if (!generated || attempt === MAX_GENERATED_NAMES) throw noNameLeft(resourceName(resource), name)
    object = { ...draft, metadata: { ...draft.metadata, name: generatedName(parts, draft.metadata.generateName ?? '') } }
  }
}

export function setManagedFields(draft: KubeObject, managedFields: ManagedFieldsEntry[] | undefined): void {
  if (managedFields === undefined || managedFields.length === 0) delete draft.metadata.managedFields
  else draft.metadata.managedFields = managedFields
}

export function prepareContext(parts: PipelineParts, request: WriteRequest): PrepareContext {
  return { now: parts.clock.now(), user: request.user, warn: (message) => request.warn(message) }
}

function admissionOf(request: WriteRequest, draft: KubeObject): NamedLater {
  return {
    operation: 'CREATE', kind: request.resource.kind, subresource: request.subresource, object: draft, old: undefined,
    key: { namespace: draft.metadata.namespace ?? '', name: draft.metadata.name ?? '' },
    user: request.user, dryRun: request.dryRun, options: request.options, audit: request.audit, delays: request.delays,
    warn: (message) => request.warn(message),
  }
}
