import type { KubeObject } from '../../objects/kube-object.ts'
import type { CronJob, Deployment, Pod, PodTemplate } from '../../resources/generated/types.ts'
import type { Subject } from './subject.ts'

/** By plural, the group of the kinds that have a pod template. Asked for every write: a look-up, no joined text. */
const GROUPS: Readonly<Record<string, string>> = {
  podtemplates: '', replicationcontrollers: '', replicasets: 'apps', deployments: 'apps', statefulsets: 'apps', daemonsets: 'apps',
  jobs: 'batch', cronjobs: 'batch',
}

export interface Resource {
  readonly group: string
  readonly plural: string
}

/** Whether objects of the resource make pods. */
export function makesPods({ group, plural }: Resource): boolean {
  return GROUPS[plural] === group
}

/** The pods that an object makes; undefined where it has no template. */
export function templateOf({ plural }: Resource, object: KubeObject): Subject | undefined {
  switch (plural) {
    case 'podtemplates': return subjectOf((object as PodTemplate).template)
    case 'cronjobs': return subjectOf((object as CronJob).spec?.jobTemplate.spec?.template)
    default: return subjectOf((object as Deployment).spec?.template)
  }
}

function subjectOf(template: { metadata?: Pod['metadata']; spec?: Pod['spec'] } | undefined): Subject | undefined {
  return template?.spec === undefined ? undefined : { metadata: template.metadata, spec: template.spec }
}
