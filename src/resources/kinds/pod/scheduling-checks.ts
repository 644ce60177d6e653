import { forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { labelValueErrors } from '../../../objects/names.ts'
import type { Errors } from '../../field-checks.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkLabelSelector, checkLabelValue, checkQualifiedName, NOT_POSITIVE,
} from '../../field-checks.ts'
import type {
  Affinity, LabelSelector, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodAffinity, PodAffinityTerm,
  Toleration, TopologySpreadConstraint,
} from '../../generated/types.ts'

/** The checks of everything that says where a pod may run. */
const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function checkTaintEffect(errors: Errors, path: string, effect: string | undefined): void {
  if (effect === undefined || effect === '') errors.push(required(path))
  else if (!TAINT_EFFECTS.includes(effect)) errors.push(notSupported(path, effect, TAINT_EFFECTS))
}

export function checkTolerations(errors: Errors, path: string, tolerations: readonly Toleration[]): void {
  tolerations.forEach((toleration, index) => checkToleration(errors, `${path}[${index}]`, toleration))
}

function checkToleration(
  errors: Errors,
  path: string,
  { key = '', operator = '', value = '', effect = '', tolerationSeconds }: Toleration
): void {
  if (key !== '') checkQualifiedName(errors, path, 'key', key)
  else if (operator !== 'Exists') {
    errors.push(
      invalidValue(`${path}.operator`, operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"')
    )
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.push(invalidValue(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
  }
  if (operator === '' || operator === 'Equal') {
    const problems = labelValueErrors(value)
    if (problems.length > 0) errors.push(invalidValue(`${path}.operator`, value, problems.join(';')))
  } else if (operator === 'Exists') {
    if (value !== '') errors.push(invalidValue(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"))
  } else errors.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists']))
  if (effect !== '') checkTaintEffect(errors, `${path}.effect`, effect)
}

export function checkAffinity(errors: Errors, path: string, affinity: Affinity): void {
  if (affinity.nodeAffinity !== undefined) checkNodeAffinity(errors, `${path}.nodeAffinity`, affinity.nodeAffinity)
  if (affinity.podAffinity !== undefined) checkPodAffinity(errors, `${path}.podAffinity`, affinity.podAffinity)
  if (affinity.podAntiAffinity !== undefined) checkPodAffinity(errors, `${path}.podAntiAffinity`, affinity.podAntiAffinity)
}

function checkNodeAffinity(errors: Errors, path: string, affinity: NodeAffinity): void {
  const needed = affinity.requiredDuringSchedulingIgnoredDuringExecution
  if (needed !== undefined) checkNodeSelector(errors, `${path}.requiredDuringSchedulingIgnoredDuringExecution`, needed)
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ weight, preference }, index) => {
    const here = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`
    checkWeight(errors, here, weight)
    // A value that no node can have is tolerated in a preference: it does no harm.
    checkTerm(errors, `${here}.preference`, preference ?? {}, { values: 'any' })
  })
}

export function checkNodeSelector(errors: Errors, path: string, selector: NodeSelector): void {
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) errors.push(required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term'))
  terms.forEach((term, index) => checkTerm(errors, `${path}.nodeSelectorTerms[${index}]`, term, { values: 'labels' }))
}

function checkWeight(errors: Errors, path: string, weight = 0): void {
  if (weight <= 0 || weight > 100) errors.push(invalidValue(`${path}.weight`, weight, 'must be in the range 1-100'))
}

interface TermRule {
  readonly values: 'any' | 'labels'
}

function checkTerm(errors: Errors, path: string, term: NodeSelectorTerm, rule: TermRule): void {
  term.matchExpressions?.forEach((item, index) => checkRequirement(errors, `${path}.matchExpressions[${index}]`, item, rule))
  term.matchFields?.forEach((item, index) => checkFieldRequirement(errors, `${path}.matchFields[${index}]`, item))
}

function checkRequirement(errors: Errors, path: string, { key, operator, values = [] }: NodeSelectorRequirement, rule: TermRule): void {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(forbiddenField(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      }
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) errors.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      break
    default:
      errors.push(invalidValue(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  }
  checkQualifiedName(errors, path, 'key', key ?? '')
  if (rule.values === 'labels') values.forEach((value, index) => checkLabelValue(errors, path, `values[${index}]`, value))
}

function checkFieldRequirement(errors: Errors, path: string, { key, operator, values = [] }: NodeSelectorRequirement): void {
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalidValue(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  }
  else if (values.length !== 1) {
    errors.push(required(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
  }
  if (key !== 'metadata.name') errors.push(invalidValue(`${path}.key`, key ?? '', 'not a valid field selector key'))
  else values.forEach((value, index) => checkDnsSubdomain(errors, path, `values[${index}]`, value))
}

function checkPodAffinity(errors: Errors, path: string, affinity: PodAffinity): void {
  affinity.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) => {
    checkAffinityTerm(errors, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, term)
  })
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ weight, podAffinityTerm }, index) => {
    const here = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`
    checkWeight(errors, here, weight)
    checkAffinityTerm(errors, `${here}.podAffinityTerm`, podAffinityTerm ?? { topologyKey: '' })
  })
}

function checkAffinityTerm(errors: Errors, path: string, term: PodAffinityTerm): void {
  checkLabelSelector(errors, `${path}.labelSelector`, term.labelSelector)
  checkLabelSelector(errors, `${path}.namespaceSelector`, term.namespaceSelector)
  for (const namespace of term.namespaces ?? []) checkDnsLabel(errors, path, 'namespace', namespace)
  checkLabelKeys(errors, path, term)
  const key = term.topologyKey ?? ''
  if (key === '') errors.push(required(`${path}.topologyKey`, 'can not be empty'))
  checkQualifiedName(errors, path, 'topologyKey', key)
}

/** matchLabelKeys have become requirements of the selector before (prepare.ts), so only a second one for a key is a conflict. */
function checkLabelKeys(
  errors: Errors,
  path: string,
  { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector }: PodAffinityTerm
): void {
  for (const [field, keys] of [
    ['matchLabelKeys', matchLabelKeys],
    ['mismatchLabelKeys', mismatchLabelKeys],
  ] as const) {
    if (keys.length === 0) continue
    if (labelSelector === undefined) errors.push(forbiddenField(`${path}.${field}`, 'must not be specified when labelSelector is not set'))
    else keys.forEach((key, index) => checkQualifiedName(errors, path, `${field}[${index}]`, key))
  }
  const used = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key)
    if (index >= 0 && used.has(key)) errors.push(invalidValue(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector'))
    used.add(key)
  }
  matchLabelKeys.forEach((key, index) => {
    if (!mismatchLabelKeys.includes(key)) return
    errors.push(invalidValue(`${path}.matchLabelKeys[${index}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
  })
}

const WHEN_UNSATISFIABLE = ['DoNotSchedule', 'ScheduleAnyway']
const NODE_POLICIES = ['Honor', 'Ignore']

export function checkTopologySpread(errors: Errors, path: string, constraints: readonly TopologySpreadConstraint[]): void {
  constraints.forEach((constraint, index) => {
    const here = `${path}[${index}]`
    const { maxSkew, topologyKey = '', whenUnsatisfiable, minDomains, labelSelector } = constraint
    if (maxSkew === undefined || maxSkew <= 0) errors.push(invalidValue(`${here}.maxSkew`, maxSkew ?? 0, NOT_POSITIVE))
    if (topologyKey === '') errors.push(required(`${here}.topologyKey`, 'can not be empty'))
    if (!WHEN_UNSATISFIABLE.includes(whenUnsatisfiable)) {
      errors.push(notSupported(`${here}.whenUnsatisfiable`, whenUnsatisfiable ?? '', WHEN_UNSATISFIABLE))
    }
    const repeated = constraints
      .slice(index + 1)
      .some((next) => next.topologyKey === topologyKey && next.whenUnsatisfiable === whenUnsatisfiable)
    if (repeated) {
      const message = `Duplicate value: ${JSON.stringify(`{${topologyKey}, ${whenUnsatisfiable}}`)}`
      errors.push({ reason: 'FieldValueDuplicate', field: `${here}.{topologyKey, whenUnsatisfiable}`, message })
    }
    if (minDomains !== undefined) checkMinDomains(errors, `${here}.minDomains`, minDomains, whenUnsatisfiable)
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field]
      if (policy !== undefined && !NODE_POLICIES.includes(policy)) errors.push(notSupported(`${here}.${field}`, policy, NODE_POLICIES))
    }
    checkSpreadKeys(errors, `${here}.matchLabelKeys`, constraint.matchLabelKeys ?? [], labelSelector)
    checkLabelSelector(errors, `${here}.labelSelector`, labelSelector)
  })
}

function checkMinDomains(errors: Errors, path: string, minDomains: number, action: string): void {
  if (minDomains <= 0) errors.push(invalidValue(path, minDomains, NOT_POSITIVE))
  if (action !== 'DoNotSchedule') {
    errors.push(invalidValue(path, minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`))
  }
}

function checkSpreadKeys(errors: Errors, path: string, keys: readonly string[], selector: LabelSelector | undefined): void {
  if (keys.length === 0) return
  if (selector === undefined) errors.push(forbiddenField(path, 'must not be specified when labelSelector is not set'))
  const used = new Set([...Object.keys(selector?.matchLabels ?? {}), ...(selector?.matchExpressions ?? []).map(({ key }) => key)])
  keys.forEach((key, index) => {
    checkQualifiedName(errors, path, `[${index}]`, key)
    if (used.has(key)) errors.push(invalidValue(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector'))
  })
}
