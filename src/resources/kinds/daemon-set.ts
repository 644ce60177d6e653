import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue, notSupported, required } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, checkLabelSelector, checkNotNegative, sameValue } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { DaemonSet, DaemonSetSpec, RollingUpdateDaemonSet } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource, specOf } from '../plain-resource.ts'
import { ageColumn, labelsText, numberColumn, textColumn } from '../table.ts'
import { amountOf, checkAtMostAll, checkCountOrPercent } from './count-or-percent.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { checkPodTemplate, checkRunsForever, checkSelected, isEmpty } from './pod/pod-template.ts'
import { workloadWarnings } from './pod/pod-warnings.ts'
import { checkCollisionCount } from './replica-counts.ts'
import { workloadColumns } from './workload-columns.ts'

/** How often the template has changed: older than metadata.generation, and kept for who still reads it. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

function defaults(draft: DaemonSet): void {
  const spec = specOf(draft)
  const strategy = (spec.updateStrategy ??= {})
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    const rolling = (strategy.rollingUpdate ??= {})
    rolling.maxUnavailable ??= 1
    rolling.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
  defaultPodTemplate(spec)
}

function stampTemplate(draft: DaemonSet, generation: number): void {
  const { annotations } = draft.metadata
  if (annotations?.[TEMPLATE_GENERATION] === String(generation)) return
  draft.metadata = { ...draft.metadata, annotations: { ...annotations, [TEMPLATE_GENERATION]: String(generation) } }
}

function templateGeneration({ metadata }: DaemonSet): number {
  return Number(metadata.annotations?.[TEMPLATE_GENERATION] ?? 0)
}

function validate({ spec }: DaemonSet): FieldError[] {
  const errors: Errors = []
  if (spec === undefined) return [required('spec')]
  checkLabelSelector(errors, 'spec.selector', spec.selector)
  const template = spec.template ?? {}
  checkSelected(errors, 'spec.template', template, spec.selector)
  if (spec.selector !== undefined && isEmpty(spec.selector)) {
    errors.push(invalidValue('spec.selector', spec.selector, 'empty selector is invalid for daemonset'))
  }
  checkPodTemplate(errors, 'spec.template', template)
  checkRunsForever(errors, 'spec.template', template, 'DaemonSet')
  checkNotNegative(errors, 'spec', 'minReadySeconds', spec.minReadySeconds)
  checkStrategy(errors, spec)
  checkNotNegative(errors, 'spec', 'revisionHistoryLimit', spec.revisionHistoryLimit)
  return errors
}

function checkStrategy(errors: Errors, { updateStrategy = {} }: DaemonSetSpec): void {
  const path = 'spec.updateStrategy'
  if (updateStrategy.type === 'OnDelete') return
  if (updateStrategy.type !== 'RollingUpdate') errors.push(notSupported(path, updateStrategy, ['RollingUpdate', 'OnDelete']))
  else if (updateStrategy.rollingUpdate === undefined) errors.push(required(`${path}.rollingUpdate`))
  else checkRollingUpdate(errors, `${path}.rollingUpdate`, updateStrategy.rollingUpdate)
}

/** Either pods go before their successors come, or the other way round. */
function checkRollingUpdate(errors: Errors, path: string, { maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDaemonSet): void {
  checkCountOrPercent(errors, `${path}.maxUnavailable`, maxUnavailable)
  checkCountOrPercent(errors, `${path}.maxSurge`, maxSurge)
  checkAtMostAll(errors, `${path}.maxUnavailable`, maxUnavailable)
  checkAtMostAll(errors, `${path}.maxSurge`, maxSurge)
  const [unavailable, surge] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0]
  if (unavailable && surge) errors.push(invalidValue(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  if (!unavailable && !surge) errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
}

const COUNTS = [
  'currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration', 'updatedNumberScheduled',
  'numberAvailable', 'numberUnavailable', 'collisionCount',
] as const

export const daemonSets: ResourceDefinition<DaemonSet> = {
  ...plainResource,
  kind: kinds.DaemonSet,
  defaults,
  prepareForCreate(draft) {
    draft.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 }
    stampTemplate(draft, Math.max(1, templateGeneration(draft) || 1))
  },
  prepareForUpdate(draft, old) {
    keepStatus(draft, old)
    const changed = !sameValue(draft.spec?.template, old.spec?.template)
    stampTemplate(draft, templateGeneration(old) + (changed ? 1 : 0))
  },
  validateCreate: validate,
  validateUpdate(set, old) {
    const errors = validate(set)
    checkImmutable(errors, 'spec.selector', set.spec?.selector, old.spec?.selector)
    return errors
  },
  warnings: workloadWarnings,
  generationOf: 'spec',
  columns: [
    numberColumn('Desired', 'Nodes that should run a pod of it.', ({ status }) => status?.desiredNumberScheduled ?? 0),
    numberColumn('Current', 'Nodes that run one and should.', ({ status }) => status?.currentNumberScheduled ?? 0),
    numberColumn('Ready', 'Nodes whose pod is ready.', ({ status }) => status?.numberReady ?? 0),
    numberColumn('Up-to-date', 'Nodes whose pod is of the latest template.', ({ status }) => status?.updatedNumberScheduled ?? 0),
    numberColumn('Available', 'Nodes whose pod has been ready for long enough.', ({ status }) => status?.numberAvailable ?? 0),
    textColumn('Node Selector', 'Labels of the nodes that it is for.', ({ spec }) => labelsText(spec?.template?.spec?.nodeSelector)),
    ageColumn,
    ...workloadColumns,
  ],
  status: {
    prepareForUpdate: keepSpec,
    validateUpdate({ status }, old) {
      const errors: Errors = []
      for (const field of COUNTS) checkNotNegative(errors, 'status', field, status?.[field])
      checkCollisionCount(errors, status?.collisionCount, old.status?.collisionCount)
      return errors
    },
  },
}
