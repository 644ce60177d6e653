import type { FieldError } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { PodTemplate } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { labelsText, textColumn } from '../table.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { checkPodTemplate } from './pod/pod-template.ts'
import { templateWarnings } from './pod/pod-warnings.ts'
import { containerImages, containerNames } from './workload-columns.ts'

function validate({ template }: PodTemplate): FieldError[] {
  const errors: Errors = []
  checkPodTemplate(errors, 'template', template ?? {})
  return errors
}

export const podTemplates: ResourceDefinition<PodTemplate> = {
  ...plainResource,
  kind: kinds.PodTemplate,
  defaults(draft) {
    defaultPodTemplate((draft.template ??= {}))
  },
  validateCreate: validate,
  validateUpdate: validate,
  warnings: (object, old) => templateWarnings('template', object.template, object, old),
  generationOf: 'all-but-metadata-and-status',
  columns: [
    textColumn('Containers', 'Names of the containers of its pods.', ({ template }) => containerNames(template)),
    textColumn('Images', 'Images of the containers of its pods.', ({ template }) => containerImages(template)),
    textColumn('Pod Labels', 'Labels of its pods.', ({ template }) => labelsText(template?.metadata?.labels)),
  ],
}
