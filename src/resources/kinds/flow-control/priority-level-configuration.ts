import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { sameValue } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type {
  ExemptPriorityLevelConfiguration, LimitedPriorityLevelConfiguration, LimitResponse, PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec, QueuingConfiguration,
} from '../../generated/types.ts'
import { keepAllButStatus, keepStatus, plainResource } from '../../plain-resource.ts'
import { ageColumn, textColumn } from '../../table.ts'
import { validateConditions } from './flow-schema.ts'
import { EXEMPT, mandatoryPriorityLevels } from './mandatory.ts'

const TYPES = ['Exempt', 'Limited']
const RESPONSES = ['Queue', 'Reject']
const MAX_QUEUES = 10_000_000
/** Dealing a hand of queues for a flow must not need more random bits than its hash has. */
const MAX_HASH_BITS = 60
const DEFAULT_SHARES = 30
const DEFAULT_HAND_SIZE = 8
const DEFAULT_QUEUES = 64
const DEFAULT_QUEUE_LENGTH = 50
const NOT_NEGATIVE_INTEGER = 'must be a non-negative integer'

function defaults({ spec }: PriorityLevelConfiguration): void {
  if (spec?.limited !== undefined) {
    spec.limited.nominalConcurrencyShares ??= DEFAULT_SHARES
    spec.limited.lendablePercent ??= 0
    defaultQueuing(spec.limited.limitResponse?.queuing)
  }
  if (spec?.exempt !== undefined) {
    spec.exempt.nominalConcurrencyShares ??= 0
    spec.exempt.lendablePercent ??= 0
  }
}

function defaultQueuing(queuing: QueuingConfiguration | undefined): void {
  if (queuing === undefined) return
  queuing.handSize ||= DEFAULT_HAND_SIZE
  queuing.queues ||= DEFAULT_QUEUES
  queuing.queueLengthLimit ||= DEFAULT_QUEUE_LENGTH
}

function validate(level: PriorityLevelConfiguration): FieldError[] {
  const errors: Errors = []
  const name = level.metadata.name ?? ''
  const spec = level.spec ?? { type: '' }
  checkSpec(errors, name, spec)
  checkMandatory(errors, name, spec)
  return [...errors, ...validateConditions(level)]
}

function checkMandatory(errors: Errors, name: string, spec: PriorityLevelConfigurationSpec): void {
  const fixed = mandatoryPriorityLevels[name]
  if (fixed === undefined) return
  if (name === EXEMPT) {
    // How much of the server the exempt requests count for may be tuned.
    if (!sameValue({ ...spec, exempt: undefined }, { ...fixed, exempt: undefined })) {
      errors.push(invalidValue('spec', spec, `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`))
    }
  } else if (!sameValue(spec, fixed)) errors.push(invalidValue('spec', spec, `spec of '${name}' must equal the fixed value`))
}

function checkSpec(errors: Errors, name: string, { type = '', limited, exempt }: PriorityLevelConfigurationSpec): void {
  if ((name === EXEMPT) !== (type === 'Exempt')) {
    errors.push(invalidValue('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'"))
  }
  if (type === 'Exempt') {
    if (limited !== undefined) errors.push(forbiddenField('spec.limited', 'must be nil if the type is not Limited'))
    if (exempt !== undefined) checkExempt(errors, 'spec.exempt', exempt)
  } else if (type === 'Limited') {
    if (exempt !== undefined) errors.push(forbiddenField('spec.exempt', 'must be nil if the type is Limited'))
    if (limited === undefined) errors.push(required('spec.limited', 'must not be empty when type is Limited'))
    else checkLimited(errors, 'spec.limited', limited)
  } else errors.push(notSupported('spec.type', type, TYPES))
}

function checkExempt(
  errors: Errors, path: string, { nominalConcurrencyShares = 0, lendablePercent = 0 }: ExemptPriorityLevelConfiguration,
): void {
  checkShares(errors, path, nominalConcurrencyShares)
  checkPercent(errors, path, lendablePercent)
}

function checkShares(errors: Errors, path: string, shares: number): void {
  if (shares < 0) errors.push(invalidValue(`${path}.nominalConcurrencyShares`, shares, NOT_NEGATIVE_INTEGER))
}

function checkPercent(errors: Errors, path: string, percent: number): void {
  if (percent < 0 || percent > 100) errors.push(invalidValue(`${path}.lendablePercent`, percent, 'must be between 0 and 100, inclusive'))
}

function checkLimited(errors: Errors, path: string, limited: LimitedPriorityLevelConfiguration): void {
  checkShares(errors, path, limited.nominalConcurrencyShares ?? 0)
  checkResponse(errors, `${path}.limitResponse`, limited.limitResponse ?? { type: '' })
  checkPercent(errors, path, limited.lendablePercent ?? 0)
  const limit = limited.borrowingLimitPercent
  if (limit !== undefined && limit < 0) {
    errors.push(invalidValue(`${path}.borrowingLimitPercent`, limit, `if specified, ${NOT_NEGATIVE_INTEGER}`))
  }
}

function checkResponse(errors: Errors, path: string, { type = '', queuing }: LimitResponse): void {
  if (type === 'Reject') {
    if (queuing !== undefined) errors.push(forbiddenField(`${path}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'))
  } else if (type === 'Queue') {
    if (queuing === undefined) errors.push(required(`${path}.queuing`, 'must not be empty if limited.limitResponse.type is Limited'))
    else checkQueuing(errors, `${path}.queuing`, queuing)
  } else errors.push(notSupported(`${path}.type`, type, RESPONSES))
}

function checkQueuing(errors: Errors, path: string, { queueLengthLimit = 0, queues = 0, handSize = 0 }: QueuingConfiguration): void {
  const bad = (field: string, value: number, detail: string): void => void errors.push(invalidValue(`${path}.${field}`, value, detail))
  if (queueLengthLimit <= 0) bad('queueLengthLimit', queueLengthLimit, 'must be positive')
  if (queues <= 0) bad('queues', queues, 'must be positive')
  else if (queues > MAX_QUEUES) bad('queues', queues, `must not be greater than ${MAX_QUEUES}`)
  if (handSize <= 0) bad('handSize', handSize, 'must be positive')
  else if (handSize > queues) bad('handSize', handSize, `should not be greater than queues (${queues})`)
  else if (Math.ceil(Math.log2(queues) * handSize) > MAX_HASH_BITS) {
    const entropy = `required entropy bits of deckSize ${queues} and handSize ${handSize}`
    bad('handSize', handSize, `${entropy} should not be greater than ${MAX_HASH_BITS}`)
  }
}

function queuingText(field: 'queues' | 'handSize' | 'queueLengthLimit'): (level: PriorityLevelConfiguration) => number | string {
  return ({ spec }) => spec?.limited?.limitResponse?.queuing?.[field] ?? '<none>'
}

export const priorityLevelConfigurations: ResourceDefinition<PriorityLevelConfiguration> = {
  ...plainResource,
  kind: kinds.PriorityLevelConfiguration,
  defaults,
  prepareForCreate(draft) {
    draft.status = {}
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate: validate,
  generationOf: 'spec',
  columns: [
    textColumn('Type', 'Whether it is limited at all.', ({ spec }) => spec?.type ?? ''),
    textColumn('NominalConcurrencyShares', 'Its part of the server.', ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? '<none>'),
    textColumn('Queues', 'Number of its queues.', queuingText('queues')),
    textColumn('HandSize', 'Queues that a flow is dealt.', queuingText('handSize')),
    textColumn('QueueLengthLimit', 'Requests that wait in a queue at most.', queuingText('queueLengthLimit')),
    ageColumn,
  ],
  status: { prepareForUpdate: keepAllButStatus, validateUpdate: validateConditions },
}
