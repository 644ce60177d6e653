import type { LabelSelectorSpec } from '../../objects/label-selector.ts'
import { formatLabelSelector, selectorOrMalformed } from '../../objects/label-selector.ts'
import type { Column } from '../definition.ts'
import type { PodTemplateSpec } from '../generated/types.ts'
import { wideColumn } from '../table.ts'

interface Templated {
  readonly spec?: { readonly template?: PodTemplateSpec }
}

interface Workload {
  readonly spec?: { readonly template?: PodTemplateSpec; readonly selector?: LabelSelectorSpec }
}

/** app=web,tier in (a,b); '' for one that selects nothing or is malformed. */
export function selectorQuery(selector: LabelSelectorSpec | undefined): string {
  const read = selectorOrMalformed(selector)
  return read === 'malformed' ? '' : formatLabelSelector(read)
}

/** web,log */
export function containerNames(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map(({ name }) => name).join(',')
}

export function containerImages(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map(({ image }) => image ?? '').join(',')
}

export const templateColumns: readonly Column<Templated>[] = [
  wideColumn('Containers', 'Names of the containers of its pods.', ({ spec }) => containerNames(spec?.template)),
  wideColumn('Images', 'Images of the containers of its pods.', ({ spec }) => containerImages(spec?.template)),
]

/** The wide columns of everything that has a pod template and a selector for its pods. */
export const workloadColumns: readonly Column<Workload>[] = [
  ...templateColumns, wideColumn('Selector', 'Labels of its pods.', ({ spec }) => selectorQuery(spec?.selector) || '<none>'),
]
