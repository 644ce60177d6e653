import { invalidValue, required } from '../../../objects/field-error.ts'
import { matchesLabels, selectorFromSpec } from '../../../objects/label-selector.ts'
import { isStatus } from '../../../words/status-error.ts'
import type { Errors } from '../../field-checks.ts'
import type { Job, LabelSelector } from '../../generated/types.ts'

/** The labels by which a Job knows its pods; those without a prefix are the older ones. */
const UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid']
const NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name']
const SELECTOR_LABEL = 'batch.kubernetes.io/controller-uid'

function ownLabels({ metadata: { name = '', uid = '' } }: Job): Record<string, string> {
  return Object.fromEntries([...UID_LABELS.map((label) => [label, uid]), ...NAME_LABELS.map((label) => [label, name])])
}

/** A selector that no other Job can have, unless the user makes one by hand. What the user wrote stays, for the check to refuse. */
export function generateSelector(draft: Job): void {
  if (draft.spec === undefined || draft.spec.manualSelector === true) return
  const { template, selector } = draft.spec
  const labels = { ...ownLabels(draft), ...template?.metadata?.labels }
  // A Job without labels has those of its pods (defaults): all of them, as it would after its next update.
  if (Object.keys(draft.metadata.labels ?? {}).length === 0) draft.metadata = { ...draft.metadata, labels }
  draft.spec = {
    ...draft.spec,
    template: { ...template, metadata: { ...template?.metadata, labels } },
    selector: { ...selector, matchLabels: { [SELECTOR_LABEL]: draft.metadata.uid ?? '', ...selector?.matchLabels } },
  }
}

export function checkGeneratedSelector(errors: Errors, job: Job): void {
  const { selector, manualSelector, template } = job.spec ?? {}
  if (manualSelector === true || selector === undefined) return
  if ((job.metadata.uid ?? '') === '') errors.push(required('metadata.uid'))
  const expected = ownLabels(job)
  const labels = template?.metadata?.labels ?? {}
  for (const [label, value] of Object.entries(expected)) checkLabel(errors, labels, label, value)
  if (!selects(selector, expected)) errors.push(invalidValue('spec.selector', selector, '`selector` not auto-generated'))
}

function checkLabel(errors: Errors, labels: Readonly<Record<string, string>>, label: string, expected: string): void {
  const path = 'spec.template.metadata'
  if (labels[label] === undefined) errors.push(required(`${path}.labels[${label}]`, `must be '${expected}'`))
  else if (labels[label] !== expected) errors.push(invalidValue(`${path}.labels[${label}]`, labels, `must be '${expected}'`))
}

/** A selector that is malformed is reported elsewhere. */
function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  try {
    return matchesLabels(selectorFromSpec(selector), labels)
  } catch (error) {
    if (isStatus(error, 'BadRequest')) return true
    throw error
  }
}
