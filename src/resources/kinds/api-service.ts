import type { FieldError } from '../../objects/field-error.ts'
import { findCondition } from '../../objects/conditions.ts'
import { invalidValue, notSupported, required } from '../../objects/field-error.ts'
import { dns1035LabelErrors } from '../../objects/names.ts'
import { portNumberErrors } from '../../objects/ports-and-addresses.ts'
import { fromBase64 } from '../../words/bytes.ts'
import { formatTime } from '../../words/instant.ts'
import type { PrepareContext, ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkDnsSubdomain, checkNames, checkPresent } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { APIService, APIServiceSpec } from '../generated/types.ts'
import { keepAllButStatus, keepStatus, plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'

const MAX_GROUP_PRIORITY = 20_000
const MAX_VERSION_PRIORITY = 1000
const STATUSES = ['True', 'False', 'Unknown']

/** What this server serves itself is there from the start. */
function prepareForCreate(draft: APIService, { now }: PrepareContext): void {
  const local = {
    type: 'Available', status: 'True', lastTransitionTime: formatTime(now), reason: 'Local',
    message: 'Local APIServices are always available',
  }
  draft.status = draft.spec?.service === undefined ? { conditions: [local] } : {}
}

function validate({ metadata, spec = { groupPriorityMinimum: 0, versionPriority: 0 } }: APIService): FieldError[] {
  const errors: Errors = []
  const { group = '', version = '' } = spec
  const name = `${version}.${group}`
  if (metadata.name !== name) {
    errors.push(invalidValue('metadata.name', metadata.name ?? '', `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`))
  }
  if (group !== '') checkDnsSubdomain(errors, 'spec', 'group', group)
  else if (version !== 'v1') errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
  checkNames(errors, 'spec', 'version', version, dns1035LabelErrors)
  checkPriority(errors, 'groupPriorityMinimum', spec.groupPriorityMinimum ?? 0, MAX_GROUP_PRIORITY)
  checkPriority(errors, 'versionPriority', spec.versionPriority ?? 0, MAX_VERSION_PRIORITY)
  if (spec.service === undefined) checkLocal(errors, spec)
  else checkRemote(errors, spec)
  return errors
}

function checkPriority(errors: Errors, field: string, value: number, max: number): void {
  if (value <= 0 || value > max) errors.push(invalidValue(`spec.${field}`, value, `must be positive and less than ${max}`))
}

function checkLocal(errors: Errors, { caBundle = '', insecureSkipTLSVerify }: APIServiceSpec): void {
  if (caBundle !== '') {
    errors.push(invalidValue('spec.caBundle', `${fromBase64(caBundle)?.length ?? 0} bytes`, 'local APIServices may not have a caBundle'))
  }
  if (insecureSkipTLSVerify === true) {
    errors.push(invalidValue('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'))
  }
}

function checkRemote(errors: Errors, { service = {}, caBundle = '', insecureSkipTLSVerify }: APIServiceSpec): void {
  checkPresent(errors, 'spec.service', 'namespace', service.namespace)
  checkPresent(errors, 'spec.service', 'name', service.name)
  const port = service.port ?? 0
  const problems = portNumberErrors(port)
  if (problems.length > 0) errors.push(invalidValue('spec.service.port', port, `port is not valid: ${problems.join(', ')}`))
  if (insecureSkipTLSVerify === true && caBundle !== '') {
    errors.push(invalidValue('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'))
  }
}

function validateStatus({ status }: APIService): FieldError[] {
  const errors: Errors = []
  status?.conditions?.forEach((condition, index) => {
    if (!STATUSES.includes(condition.status)) {
      errors.push(notSupported(`status.conditions[${index}].status`, condition.status ?? '', STATUSES))
    }
  })
  return errors
}

/** True, or False (MissingEndpoints) */
function availableText({ status }: APIService): string {
  const condition = findCondition(status?.conditions, 'Available')
  if (condition === undefined) return 'Unknown'
  return condition.status === 'True' || (condition.reason ?? '') === '' ? condition.status : `${condition.status} (${condition.reason})`
}

export const apiServices: ResourceDefinition<APIService> = {
  ...plainResource,
  kind: kinds.APIService,
  finalizerRule: 'qualified',
  needsRevision: true,
  defaults({ spec }) {
    if (spec?.service !== undefined) spec.service.port ??= 443
  },
  prepareForCreate,
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate: validate,
  columns: [
    textColumn('Service', 'Who serves it.', ({ spec }) =>
      (spec?.service === undefined ? 'Local' : `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}`)),
    textColumn('Available', 'Whether that answers.', availableText),
    ageColumn,
  ],
  status: { prepareForUpdate: keepAllButStatus, validateUpdate: validateStatus },
  nameRule: 'path-segment',
}
