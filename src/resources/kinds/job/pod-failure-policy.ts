import { duplicate, invalidValue, notSupported, required, tooMany } from '../../../objects/field-error.ts'
import type { FieldError } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import { checkQualifiedName } from '../../field-checks.ts'
import type {
  JobSpec, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule,
} from '../../generated/types.ts'

/** KEP-3329: what the failure of a pod means for its Job. */
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const OPERATORS = ['In', 'NotIn']
const STATUSES = ['False', 'True', 'Unknown']
const MAX_RULES = 20
const MAX_VALUES = 255
const MAX_PATTERNS = 20

export function checkPodFailurePolicy(errors: Errors, path: string, spec: JobSpec): void {
  const rules = spec.podFailurePolicy?.rules ?? []
  if (rules.length > MAX_RULES) errors.push(tooMany(`${path}.rules`, rules.length, MAX_RULES))
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {}
  const names = new Set([...containers, ...initContainers].map(({ name }) => name))
  const facts: JobFacts = { names, perIndex: spec.backoffLimitPerIndex !== undefined }
  rules.forEach((rule, index) => checkRule(errors, `${path}.rules[${index}]`, rule, facts))
}

interface JobFacts {
  readonly names: ReadonlySet<string>
  readonly perIndex: boolean
}

function checkRule(errors: Errors, path: string, rule: PodFailurePolicyRule, { names, perIndex }: JobFacts): void {
  const { action = '', onExitCodes, onPodConditions = [] } = rule
  checkWord(errors, `${path}.action`, action, ACTIONS)
  if (action === 'FailIndex' && !perIndex) {
    errors.push(invalidValue(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set'))
  }
  if (onExitCodes !== undefined) checkExitCodes(errors, `${path}.onExitCodes`, onExitCodes, names)
  if (onPodConditions.length > 0) checkConditions(errors, `${path}.onPodConditions`, onPodConditions)
  if (onExitCodes !== undefined && onPodConditions.length > 0) {
    errors.push(invalidRule(path, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  }
  if (onExitCodes === undefined && onPodConditions.length === 0) {
    errors.push(invalidRule(path, 'specifying one of OnExitCodes and OnPodConditions is required'))
  }
}

/** Without the value: it would be the whole rule. */
function invalidRule(field: string, detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${detail}` }
}

function checkWord(errors: Errors, path: string, word: string, words: readonly string[]): void {
  const list = `[${words.map((item) => JSON.stringify(item)).join(' ')}]`
  if (word === '') errors.push(required(path, `valid values: ${list}`))
  else if (!words.includes(word)) errors.push(notSupported(path, word, words))
}

function checkConditions(errors: Errors, path: string, patterns: readonly PodFailurePolicyOnPodConditionsPattern[]): void {
  if (patterns.length > MAX_PATTERNS) errors.push(tooMany(path, patterns.length, MAX_PATTERNS))
  patterns.forEach(({ type, status = '' }, index) => {
    checkQualifiedName(errors, path, `[${index}].type`, type)
    checkWord(errors, `${path}[${index}].status`, status, STATUSES)
  })
}

function checkExitCodes(
  errors: Errors, path: string, codes: PodFailurePolicyOnExitCodesRequirement, names: ReadonlySet<string>,
): void {
  const { operator = '', containerName, values = [] } = codes
  checkWord(errors, `${path}.operator`, operator, OPERATORS)
  if (containerName !== undefined && !names.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalidValue(`${path}.containerName`, containerName, detail))
  }
  if (values.length === 0) errors.push(invalidValue(`${path}.values`, values, 'at least one value is required'))
  else if (values.length > MAX_VALUES) errors.push(tooMany(`${path}.values`, values.length, MAX_VALUES))
  const seen = new Set<number>()
  values.forEach((value, index) => {
    const here = `${path}.values[${index}]`
    if (operator === 'In' && value === 0) errors.push(invalidValue(here, value, 'must not be 0 for the In operator'))
    if (seen.has(value)) errors.push(duplicate(here, value))
    seen.add(value)
  })
  if (values.some((value, index) => index > 0 && (values[index - 1] ?? value) > value)) {
    errors.push(invalidValue(`${path}.values`, values, 'must be ordered'))
  }
}
