import type { KubeObject } from '../../objects/kube-object.ts'
import type { CronJob, Deployment, Pod, PodTemplate } from '../../resources/generated/types.ts'
import type { Subject } from './subject.ts'

/** The kinds that have a pod template where Deployments have theirs. */
const WITH_TEMPLATE: ReadonlySet<string> = new Set([
  '/replicationcontrollers', 'apps/replicasets', 'apps/deployments', 'apps/statefulsets', 'apps/daemonsets', 'batch/jobs',
])

export interface Resource {
  readonly group: string
  readonly plural: string
}

/** Whether objects of the resource make pods. */
export function makesPods({ group, plural }: Resource): boolean {
  switch (plural) {
    case 'podtemplates': return group === ''
    case 'cronjobs': return group === 'batch'
    default: return WITH_TEMPLATE.has(`${group}/${plural}`)
  }
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
