import { isConditionTrue } from '../../../objects/conditions.ts'
import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidBytes, invalidValue, required, tooMany } from '../../../objects/field-error.ts'
import { unprintableIn } from '../../../objects/metadata.ts'
import { dns1035LabelErrors, dnsSubdomainErrors } from '../../../objects/names.ts'
import { fromBase64, isLongerThan, textOf } from '../../../words/bytes.ts'
import type { Errors } from '../../field-checks.ts'
import { checkImmutable, checkOneOf } from '../../field-checks.ts'
import type {
  CustomResourceConversion, CustomResourceDefinition, CustomResourceDefinitionNames, CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../../generated/types.ts'
import { checkClientConfig, checkReviewVersions } from '../admission/webhook-client.ts'
import { rootCertificatesProblem } from '../certificate-signing-request/certificate-request.ts'
import { someSchema } from './json-schema.ts'
import { promote } from './promoted-spec.ts'
import { patternProblems, type PatternProblem } from './pattern-problems.ts'
import { checkFeatures } from './validate-features.ts'

const SCOPES = ['Cluster', 'Namespaced']
const STRATEGIES = ['None', 'Webhook']
const APPROVAL = 'api-approved.kubernetes.io'
const APPROVAL_RULES = 'https://github.com/kubernetes/enhancements/pull/1111'
const MAX_WARNING_BYTES = 256
const NOT_A_WEBHOOK = 'should not be set when strategy is not set to Webhook'
export const EMPTY_SPEC: CustomResourceDefinitionSpec = { group: '', names: { plural: '', kind: '' }, scope: '', versions: [] }

export function validate(definition: CustomResourceDefinition): FieldError[] {
  const errors: Errors = []
  const { names, group } = definition.spec ?? EMPTY_SPEC
  if (definition.metadata.name !== `${names?.plural ?? ''}.${group ?? ''}`) {
    errors.push(invalidValue('metadata.name', definition.metadata.name ?? '', 'must be spec.names.plural+"."+spec.group'))
  }
  errors.push(...everyTime(definition))
  checkApproval(errors, definition, undefined)
  return errors
}

export function validateUpdate(definition: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const errors = everyTime(definition)
  const [spec, before] = [definition.spec ?? EMPTY_SPEC, old.spec ?? EMPTY_SPEC]
  if (isConditionTrue(conditionsOf(old), 'Established')) {
    checkImmutable(errors, 'spec.scope', spec.scope, before.scope)
    checkImmutable(errors, 'spec.names.kind', spec.names?.kind, before.names?.kind)
    checkAuthorities(errors, spec, before)
  }
  checkImmutable(errors, 'spec.group', spec.group, before.group)
  checkImmutable(errors, 'spec.names.plural', spec.names?.plural, before.names?.plural)
  checkApproval(errors, definition, old)
  return errors
}

/** Until a definition is established, whoever makes certificates may fill them in later; after that what has been good must stay so. */
function checkAuthorities(errors: Errors, spec: CustomResourceDefinitionSpec, before: CustomResourceDefinitionSpec): void {
  const problem = authoritiesProblem(spec.conversion)
  if (problem === undefined || spec.conversion?.strategy !== 'Webhook' || authoritiesProblem(before.conversion) !== undefined) return
  errors.push(invalidBytes('spec.conversion.webhookClientConfig.caBundle', authoritiesOf(spec.conversion), problem))
}

function authoritiesOf(conversion: CustomResourceConversion | undefined): Uint8Array {
  return fromBase64(conversion?.webhook?.clientConfig?.caBundle ?? '') ?? new Uint8Array()
}

function authoritiesProblem(conversion: CustomResourceConversion | undefined): string | undefined {
  const bytes = authoritiesOf(conversion)
  return bytes.length === 0 ? undefined : rootCertificatesProblem(textOf(bytes))
}

function conditionsOf({ status }: CustomResourceDefinition): { type: string; status: string }[] {
  return (status?.conditions ?? []).map(({ type = '', status: value = '' }) => ({ type, status: value }))
}

export function validateStatus({ status }: CustomResourceDefinition): FieldError[] {
  const errors: Errors = []
  checkNames(errors, 'status.acceptedNames', status?.acceptedNames)
  return errors
}

function everyTime(definition: CustomResourceDefinition): FieldError[] {
  const errors: Errors = []
  const spec = definition.spec ?? EMPTY_SPEC
  checkSpec(errors, spec)
  errors.push(...validateStatus(definition))
  checkStoredVersions(errors, definition.status?.storedVersions ?? [], spec.versions ?? [])
  return errors
}

/** Each is served, with an APIService of its own. */
const MAX_VERSIONS = 100

function checkSpec(errors: Errors, spec: CustomResourceDefinitionSpec): void {
  checkGroup(errors, spec.group ?? '')
  checkOneOf(errors, 'spec', 'scope', spec.scope, SCOPES)
  const versions = spec.versions ?? []
  if (versions.length > MAX_VERSIONS) return void errors.push(tooMany('spec.versions', versions.length, MAX_VERSIONS))
  const patterns = patternProblems()
  checkVersions(errors, spec, versions, patterns)
  const names = spec.names ?? EMPTY_SPEC.names
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if ((names[field] ?? '') === '') errors.push(required(`spec.names.${field}`))
  }
  checkNames(errors, 'spec.names', names)
  const hasStatus = versions.some(({ subresources }) => subresources?.status !== undefined)
  checkFeatures(errors, {
    schema: 'spec.validation.openAPIV3Schema', subresources: 'spec.subresources', columns: 'spec.additionalPrinterColumns',
    selectableFields: 'spec.selectableFields',
  }, { ...promote(spec).common, hasStatus, patterns })
  if (spec.conversion !== undefined) checkConversion(errors, spec, spec.conversion)
}

function checkGroup(errors: Errors, group: string): void {
  const problems = dnsSubdomainErrors(group)
  if (group === '') errors.push(required('spec.group'))
  else if (problems.length > 0) errors.push(invalidValue('spec.group', group, problems.join(',')))
  else if (!group.includes('.')) errors.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'))
}

function checkVersions(
  errors: Errors, spec: CustomResourceDefinitionSpec, versions: readonly CustomResourceDefinitionVersion[], patterns: PatternProblem,
): void {
  const promoted = promote(spec)
  if (promoted.common.schema === undefined) {
    versions.forEach(({ schema }, index) => {
      if (schema?.openAPIV3Schema !== undefined) return
      errors.push(required(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required'))
    })
  }
  checkPreserving(errors, spec, versions)
  versions.forEach((version, index) => {
    const path = `spec.versions[${index}]`
    const problems = dns1035LabelErrors(version.name ?? '')
    if (problems.length > 0) errors.push(invalidValue(`${path}.name`, version.name ?? '', problems.join(',')))
    checkDeprecation(errors, path, version)
    const features = promoted.versions[index]
    if (features === undefined) return
    checkFeatures(errors, {
      schema: `${path}.schema.openAPIV3Schema`, subresources: `${path}.subresources`, columns: `${path}.additionalPrinterColumns`,
      selectableFields: `${path}.selectableFields`,
    }, { ...features, hasStatus: version.subresources?.status !== undefined, patterns })
  })
  const names = versions.map(({ name }) => name)
  if (new Set(names).size < names.length) errors.push(invalidValue('spec.versions', versions, 'must contain unique version names'))
  if (versions.filter(({ storage }) => storage === true).length !== 1) {
    errors.push(invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'))
  }
}

function checkPreserving(errors: Errors, spec: CustomResourceDefinitionSpec, versions: readonly CustomResourceDefinitionVersion[]): void {
  if (spec.preserveUnknownFields !== true) return
  const field = 'spec.preserveUnknownFields'
  const hasDefaults = versions.some(({ schema }) => schema?.openAPIV3Schema !== undefined
    && someSchema(schema.openAPIV3Schema, (part) => part.default !== undefined))
  if (hasDefaults) errors.push(invalidValue(field, true, 'must be false in order to use defaults in the schema'))
  const detail = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  errors.push(invalidValue(field, true, detail))
}

function checkDeprecation(
  errors: Errors, path: string, { deprecated, deprecationWarning: warning }: CustomResourceDefinitionVersion,
): void {
  if (warning === undefined) return
  const bad = (detail: string): void => void errors.push(invalidValue(`${path}.deprecationWarning`, warning, detail))
  if (deprecated !== true) return bad('can only be set for deprecated versions')
  if (isLongerThan(warning, MAX_WARNING_BYTES)) bad(`must be <= ${MAX_WARNING_BYTES} characters long`)
  if (warning === '') bad('must not be an empty string')
  const [first] = unprintableIn(warning)
  if (first !== undefined) bad(`must only contain printable UTF-8 characters; non-printable character found at index ${first.position}`)
}

function checkNames(errors: Errors, path: string, names: Partial<CustomResourceDefinitionNames> | undefined): void {
  const { plural = '', singular = '', kind = '', listKind = '', shortNames = [], categories = [] } = names ?? {}
  const check = (field: string, value: string, asWritten = value, prefix = ''): void => {
    const problems = value === '' ? [] : dns1035LabelErrors(value)
    if (problems.length > 0) errors.push(invalidValue(`${path}.${field}`, asWritten, prefix + problems.join(',')))
  }
  const mixed = 'may have mixed case, but should otherwise match: '
  check('plural', plural)
  check('singular', singular)
  check('kind', kind.toLowerCase(), kind, mixed)
  check('listKind', listKind.toLowerCase(), listKind, mixed)
  shortNames.forEach((name, index) => checkListed(errors, `${path}.shortNames[${index}]`, name))
  if (kind !== '' && kind === listKind) errors.push(invalidValue(`${path}.listKind`, listKind, 'kind and listKind may not be the same'))
  categories.forEach((category, index) => checkListed(errors, `${path}.categories[${index}]`, category))
}

function checkListed(errors: Errors, field: string, name: string): void {
  const problems = dns1035LabelErrors(name)
  if (problems.length > 0) errors.push(invalidValue(field, name, problems.join(',')))
}

function checkConversion(errors: Errors, spec: CustomResourceDefinitionSpec, { strategy = '', webhook }: CustomResourceConversion): void {
  const path = 'spec.conversion'
  if (strategy !== 'None' && spec.preserveUnknownFields === true) {
    errors.push(invalidValue(`${path}.strategy`, strategy, 'must be None if spec.preserveUnknownFields is true'))
  }
  checkOneOf(errors, path, 'strategy', strategy, STRATEGIES)
  if (strategy === 'Webhook') {
    const config = webhook?.clientConfig
    if (config === undefined) errors.push(required(`${path}.webhookClientConfig`, 'required when strategy is set to Webhook'))
    else checkClientConfig(errors, `${path}.webhookClientConfig`, config)
    checkReviewVersions(errors, `${path}.conversionReviewVersions`, webhook?.conversionReviewVersions, '')
    return
  }
  if (webhook?.clientConfig !== undefined) errors.push(forbiddenField(`${path}.webhookClientConfig`, NOT_A_WEBHOOK))
  if ((webhook?.conversionReviewVersions ?? []).length > 0) errors.push(forbiddenField(`${path}.conversionReviewVersions`, NOT_A_WEBHOOK))
}

/** A version in which objects may still be stored must stay readable. */
function checkStoredVersions(errors: Errors, stored: readonly string[], versions: readonly CustomResourceDefinitionVersion[]): void {
  const field = 'status.storedVersions'
  if (stored.length === 0) return void errors.push(invalidValue(field, stored, 'must have at least one stored version'))
  for (const { name, storage } of versions) {
    if (storage === true && !stored.includes(name)) errors.push(invalidValue(field, stored, `must have the storage version ${name}`))
  }
  stored.forEach((version, index) => {
    if (versions.some(({ name }) => name === version)) return
    const detail =
      `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage`
      + ` migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`
    errors.push(invalidValue(`${field}[${index}]`, version, detail))
  })
}

type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid'

/** Groups of Kubernetes itself are for resources that its community has agreed on. */
function checkApproval(errors: Errors, definition: CustomResourceDefinition, old: CustomResourceDefinition | undefined): void {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(definition.spec?.group ?? '')) return
  const state = approvalOf(definition)
  if (old !== undefined && approvalOf(old) === state) return
  const field = `metadata.annotations[${APPROVAL}]`
  const needed = `protected groups must have approval annotation ${JSON.stringify(APPROVAL)}`
  if (state === 'missing') errors.push(required(field, `${needed}, see ${APPROVAL_RULES}`))
  if (state === 'invalid') {
    const detail = `${needed} with either a URL or a reason starting with "unapproved", see ${APPROVAL_RULES}`
    errors.push(invalidValue(field, definition.metadata.annotations?.[APPROVAL], detail))
  }
}

function approvalOf({ metadata }: CustomResourceDefinition): Approval {
  const text = metadata.annotations?.[APPROVAL] ?? ''
  if (text === '') return 'missing'
  if (text.startsWith('unapproved')) return 'bypassed'
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/\s]+/.test(text) ? 'approved' : 'invalid'
}
