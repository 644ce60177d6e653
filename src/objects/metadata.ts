import { byteLength, isLongerThan } from '../words/bytes.ts'
import { forbiddenField, invalidValue, required, tooLong, type FieldError } from './field-error.ts'
import { childPath, indexPath } from './field-path.ts'
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from './kube-object.ts'
import { dnsLabelErrors, labelValueErrors, nameErrors, qualifiedNameErrors, type NameRule } from './names.ts'

/** The rules for metadata, the same for every kind (apimachinery api/validation ValidateObjectMeta and ...Update). */
export interface MetadataRule {
  readonly namespaced: boolean
  readonly nameRule: NameRule
  readonly finalizerRule: FinalizerRule
}

/**
 * Which finalizers a kind takes: any qualified name, or, where it has no domain, only those that Kubernetes itself knows. Upstream's
 * built-in kinds are of the second sort where they use pkg/apis/core/validation, of the first where they use apimachinery's api/validation.
 */
export type FinalizerRule = 'qualified' | 'known-or-with-domain'

const PATH = 'metadata'
const MAX_ANNOTATION_BYTES = 256 * 1024
const MAX_MANAGER_BYTES = 128
const MAX_SUBRESOURCE_BYTES = 256

export function validateMetadataForCreate(meta: ObjectMeta, rule: MetadataRule): FieldError[] {
  return [...validateName(meta, rule), ...validateNamespace(meta, rule), ...validateContent(meta, rule)]
}

/** The server has filled in what clients may leave out (uid, creationTimestamp, ...) before this is asked. */
export function validateMetadataForUpdate(meta: ObjectMeta, old: ObjectMeta, rule: Pick<MetadataRule, 'finalizerRule'>): FieldError[] {
  const errors: FieldError[] = []
  if (old.deletionTimestamp !== undefined) errors.push(...validateNoNewFinalizers(meta.finalizers ?? [], old.finalizers ?? []))
  if ((meta.resourceVersion ?? '') === '') {
    errors.push(invalidValue(childPath(PATH, 'resourceVersion'), '', 'must be specified for an update'))
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalidValue(childPath(PATH, 'generation'), meta.generation ?? 0, 'must not be decremented'))
  }
  for (const field of IMMUTABLE) {
    if (meta[field] !== old[field]) errors.push(invalidValue(childPath(PATH, field), meta[field] ?? null, 'field is immutable'))
  }
  return [...errors, ...validateContent(meta, rule, old)]
}

const IMMUTABLE = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const

function validateName(meta: ObjectMeta, rule: MetadataRule): FieldError[] {
  const errors: FieldError[] = []
  const { name = '', generateName = '' } = meta
  if (generateName !== '') {
    for (const message of nameErrors(rule.nameRule, generateName, { asPrefix: true })) {
      errors.push(invalidValue(childPath(PATH, 'generateName'), generateName, message))
    }
  }
  if (name === '') errors.push(required(childPath(PATH, 'name'), 'name or generateName is required'))
  else for (const message of nameErrors(rule.nameRule, name)) errors.push(invalidValue(childPath(PATH, 'name'), name, message))
  return errors
}

function validateNamespace(meta: ObjectMeta, rule: MetadataRule): FieldError[] {
  const field = childPath(PATH, 'namespace')
  const { namespace = '' } = meta
  if (!rule.namespaced) return namespace === '' ? [] : [forbiddenField(field, 'not allowed on this type')]
  if (namespace === '') return [required(field)]
  return dnsLabelErrors(namespace).map((message) => invalidValue(field, namespace, message))
}

/** What an update left as it was has been checked before: the same reference means the same content. */
function validateContent(meta: ObjectMeta, { finalizerRule }: Pick<MetadataRule, 'finalizerRule'>, old?: ObjectMeta): FieldError[] {
  const errors: FieldError[] = []
  if ((meta.generation ?? 0) < 0) {
    errors.push(invalidValue(childPath(PATH, 'generation'), meta.generation, 'must be greater than or equal to 0'))
  }
  const { labels, annotations, ownerReferences, finalizers, managedFields } = meta
  if (labels !== undefined && labels !== old?.labels) errors.push(...validateLabels(labels, childPath(PATH, 'labels')))
  if (annotations !== undefined && annotations !== old?.annotations) {
    errors.push(...validateAnnotations(annotations, childPath(PATH, 'annotations')))
  }
  if (ownerReferences !== undefined && ownerReferences !== old?.ownerReferences) errors.push(...validateOwnerReferences(ownerReferences))
  if (finalizers !== undefined && finalizers !== old?.finalizers) errors.push(...validateFinalizers(finalizers, finalizerRule))
  if (managedFields !== undefined && managedFields !== old?.managedFields) errors.push(...validateManagedFields(managedFields))
  return errors
}

export function validateLabels(labels: Readonly<Record<string, string>>, path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(labels)) {
    for (const message of qualifiedNameErrors(key)) errors.push(invalidValue(path, key, message))
    for (const message of labelValueErrors(value)) errors.push(invalidValue(path, value, message))
  }
  return errors
}

export function validateAnnotations(annotations: Readonly<Record<string, string>>, path: string): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(annotations)) {
    for (const message of qualifiedNameErrors(key.toLowerCase())) errors.push(invalidValue(path, key, message))
    bytes += byteLength(key, MAX_ANNOTATION_BYTES) + byteLength(value, MAX_ANNOTATION_BYTES)
  }
  if (bytes > MAX_ANNOTATION_BYTES) errors.push(tooLong(path, MAX_ANNOTATION_BYTES))
  return errors
}

function validateOwnerReferences(references: readonly OwnerReference[]): FieldError[] {
  const path = childPath(PATH, 'ownerReferences')
  const errors: FieldError[] = []
  let controller: string | undefined
  for (const reference of references) {
    const { apiVersion = '' } = reference
    if (!hasVersion(apiVersion)) errors.push(invalidValue(childPath(path, 'apiVersion'), apiVersion, 'version must not be empty'))
    for (const field of ['kind', 'name', 'uid'] as const) {
      if ((reference[field] ?? '') === '') errors.push(invalidValue(childPath(path, field), '', 'must not be empty'))
    }
    if ((reference.apiVersion === 'v1' || reference.apiVersion === '/v1') && reference.kind === 'Event') {
      errors.push(invalidValue(path, reference, '/v1, Kind=Event is disallowed from being an owner'))
    }
    if (reference.controller !== true) continue
    const name = `${reference.kind ?? ''}/${reference.name ?? ''}`
    if (controller === undefined) controller = name
    else {
      const both = `Found "true" in references for ${controller} and ${name}`
      errors.push(invalidValue(path, references, `Only one reference can have Controller set to true. ${both}`))
    }
  }
  return errors
}

/** v1, apps/v1; a/b/v1 is no version of a group. */
function hasVersion(apiVersion: string): boolean {
  const parts = apiVersion.split('/')
  return parts.length <= 2 && parts.at(-1) !== ''
}

const KNOWN_FINALIZERS: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion']

/** For finalizers that must be one of Kubernetes' own where they have no domain. */
export function checkFinalizerDomain(path: string, finalizer: string): FieldError[] {
  if (finalizer.includes('/') || KNOWN_FINALIZERS.includes(finalizer)) return []
  return [invalidValue(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')]
}

function validateFinalizers(finalizers: readonly string[], rule: FinalizerRule): FieldError[] {
  const path = childPath(PATH, 'finalizers')
  const errors = finalizers.flatMap((name) => qualifiedNameErrors(name).map((message) => invalidValue(path, name, message)))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalidValue(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
  if (rule === 'qualified') return errors
  return [...errors, ...finalizers.flatMap((name, index) => checkFinalizerDomain(indexPath(path, index), name))]
}

function validateNoNewFinalizers(finalizers: readonly string[], old: readonly string[]): FieldError[] {
  const known = new Set(old)
  const added = finalizers.filter((name) => !known.has(name))
  if (added.length === 0) return []
  const list = added.toSorted().map((name) => JSON.stringify(name)).join(', ')
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`
  return [forbiddenField(childPath(PATH, 'finalizers'), detail)]
}

/** Of those that are kept: what a client writes there and nobody can read is not taken over. */
export function validateManagedFields(entries: readonly ManagedFieldsEntry[]): FieldError[] {
  return entries.flatMap((entry, index) => validateManagedEntry(entry, indexPath(childPath(PATH, 'managedFields'), index)))
}

function validateManagedEntry(entry: ManagedFieldsEntry, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { manager = '', subresource = '' } = entry
  if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
    errors.push(invalidValue(childPath(path, 'operation'), entry.operation ?? '', 'must be `Apply` or `Update`'))
  }
  if ((entry.fieldsType ?? '') !== '' && entry.fieldsType !== 'FieldsV1') {
    errors.push(invalidValue(childPath(path, 'fieldsType'), entry.fieldsType, 'must be `FieldsV1`'))
  }
  errors.push(...validateFieldManager(manager, childPath(path, 'manager')))
  if (isLongerThan(subresource, MAX_SUBRESOURCE_BYTES)) errors.push(tooLong(childPath(path, 'subresource'), MAX_SUBRESOURCE_BYTES))
  return errors
}

/** Letters, marks, numbers, punctuation, symbols, and of all spaces that of ASCII. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

/** Also for the fieldManager parameter of a request. */
export function validateFieldManager(manager: string, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (isLongerThan(manager, MAX_MANAGER_BYTES)) errors.push(tooLong(path, MAX_MANAGER_BYTES))
  for (const { code, position } of unprintableIn(manager)) {
    errors.push(invalidValue(path, manager, `invalid character U+${code} (at position ${position})`))
  }
  return errors
}

/** The characters that nothing shows, with their code in hexadecimal digits, and how many bytes stand before them. */
export function unprintableIn(text: string): { readonly code: string; readonly position: number }[] {
  return [...text.matchAll(UNPRINTABLE)].map(({ 0: character, index }) => ({
    code: (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0'),
    position: byteLength(text.slice(0, index), Infinity),
  }))
}
