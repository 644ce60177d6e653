import { invalidValue, required } from '../../../objects/field-error.ts'
import { matchesLabels, selectorOrMalformed } from '../../../objects/label-selector.ts'
import type { Errors } from '../../field-checks.ts'
import type { Job, LabelSelector } from '../../generated/types.ts'

/** The labels by which a Job knows its pods; those without a prefix are the older ones. */
const LABELS = [['controller-uid', 'uid'], ['job-name', 'name']] as const
const PREFIX = 'batch.kubernetes.io/'
const SELECTOR_LABEL = 'batch.kubernetes.io/controller-uid'

function ownLabels({ metadata }: Job, prefixes: readonly string[]): Record<string, string> {
  return Object.fromEntries(prefixes.flatMap((prefix) => LABELS.map(([label, field]) => [prefix + label, metadata[field] ?? ''])))
}

/** A selector that no other Job can have, unless the user makes one by hand. What the user wrote stays, for the check to refuse. */
export function generateSelector(draft: Job): void {
  if (draft.spec === undefined || draft.spec.manualSelector === true) return
  const { template, selector } = draft.spec
  const labels = { ...ownLabels(draft, ['', PREFIX]), ...template?.metadata?.labels }
  if (hasLabelsOfPods(draft)) draft.metadata = { ...draft.metadata, labels }
  draft.spec = {
    ...draft.spec,
    template: { ...template, metadata: { ...template?.metadata, labels } },
    selector: { ...selector, matchLabels: { [SELECTOR_LABEL]: draft.metadata.uid ?? '', ...selector?.matchLabels } },
  }
}

/** A Job without labels has those of its pods: all of them, as upstream fills in the labels of both at once where the Job has a name. */
function hasLabelsOfPods({ metadata: { labels, generateName = '' }, spec }: Job): boolean {
  return Object.keys(labels ?? {}).length === 0 || generateName === '' && labels === spec?.template?.metadata?.labels
}

/** A Job from before the labels had a prefix goes on without. */
export function checkGeneratedSelector(errors: Errors, job: Job, old: Job | undefined): void {
  const { selector, manualSelector, template } = job.spec ?? {}
  if (manualSelector === true || selector === undefined) return
  if ((job.metadata.uid ?? '') === '') errors.push(required('metadata.uid'))
  const before = old?.spec?.template?.metadata?.labels ?? {}
  const isOld = old !== undefined && LABELS.some(([label]) => before[PREFIX + label] === undefined)
  const expected = ownLabels(job, isOld ? [''] : ['', PREFIX])
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
  const read = selectorOrMalformed(selector)
  return read === 'malformed' || matchesLabels(read, labels)
}
