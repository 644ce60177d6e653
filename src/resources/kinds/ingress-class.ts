import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField, notSupported, required, tooLong } from '../../objects/field-error.ts'
import { isLongerThan } from '../../words/bytes.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkDnsLabel, checkImmutable } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { IngressClass, IngressClassParametersReference } from '../generated/types.ts'
import { checkDomainPrefixedPath } from '../name-checks.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'
import { checkReference } from './ingress.ts'

const MAX_CONTROLLER_LENGTH = 250
const SCOPES = ['Cluster', 'Namespace']

function validate({ spec }: IngressClass): FieldError[] {
  const errors: Errors = []
  const controller = spec?.controller ?? ''
  if (controller === '') errors.push(required('spec.controller'))
  else {
    if (isLongerThan(controller, MAX_CONTROLLER_LENGTH)) errors.push(tooLong('spec.controller', MAX_CONTROLLER_LENGTH))
    checkDomainPrefixedPath(errors, 'spec.controller', controller)
  }
  if (spec?.parameters !== undefined) checkParameters(errors, 'spec.parameters', spec.parameters)
  return errors
}

function checkParameters(errors: Errors, path: string, parameters: IngressClassParametersReference): void {
  checkReference(errors, path, parameters)
  const { scope, namespace } = parameters
  if (scope === undefined) errors.push(required(`${path}.scope`))
  else if (!SCOPES.includes(scope)) errors.push(notSupported(`${path}.scope`, scope, SCOPES))
  else if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(forbiddenField(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'"))
  } else if (namespace === undefined) errors.push(required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'"))
  else checkDnsLabel(errors, path, 'namespace', namespace)
}

/** Kind.group/name */
function parametersText({ spec }: IngressClass): string {
  const parameters = spec?.parameters
  if (parameters === undefined) return '<none>'
  return `${parameters.kind}${parameters.apiGroup === undefined ? '' : `.${parameters.apiGroup}`}/${parameters.name}`
}

export const ingressClasses: ResourceDefinition<IngressClass> = {
  ...plainResource,
  kind: kinds.IngressClass,
  defaults(draft) {
    if (draft.spec?.parameters !== undefined) draft.spec.parameters.scope ??= 'Cluster'
  },
  validateCreate: validate,
  validateUpdate(ingressClass, old) {
    const errors: Errors = []
    checkImmutable(errors, 'spec.controller', ingressClass.spec?.controller, old.spec?.controller)
    return [...errors, ...validate(ingressClass)]
  },
  generationOf: 'spec',
  columns: [
    textColumn('Controller', 'Who serves its ingresses.', ({ spec }) => spec?.controller ?? ''),
    textColumn('Parameters', 'The object with its settings.', parametersText),
    ageColumn,
  ],
}
