import type { KubeObject } from '../objects/kube-object.ts'
import type {
  AutoscalingV1HorizontalPodAutoscaler, ComponentStatus, ControllerRevision, CronJob, DaemonSet, HorizontalPodAutoscaler, Job,
  PersistentVolume, PersistentVolumeClaim, PodDisruptionBudget, PodTemplate, PodTemplateSpec, PriorityClass, ReplicationController,
  RuntimeClass, StatefulSet,
} from './generated/types.ts'

/** The least valid objects of what runs pods, bounds them and stores for them. */
const metadata = (name = 'a'): { name: string; namespace: string } => ({ name, namespace: 'default' })
const selector = { app: 'web' }

function template(restartPolicy?: string): PodTemplateSpec {
  const spec = { containers: [{ name: 'web', image: 'web:1' }], ...(restartPolicy === undefined ? {} : { restartPolicy }) }
  return { metadata: { labels: { ...selector } }, spec }
}

export function sampleDaemonSet(): DaemonSet {
  return {
    apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: metadata(),
    spec: { selector: { matchLabels: { ...selector } }, template: template() },
  }
}

export function sampleStatefulSet(): StatefulSet {
  return {
    apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: metadata(),
    spec: { selector: { matchLabels: { ...selector } }, serviceName: 'web', template: template() },
  }
}

export function sampleControllerRevision(): ControllerRevision {
  return { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: metadata(), data: { spec: {} }, revision: 1 }
}

export function sampleReplicationController(): ReplicationController {
  return {
    apiVersion: 'v1', kind: 'ReplicationController', metadata: metadata(),
    spec: { selector: { ...selector }, template: template() },
  }
}

export function samplePodTemplate(): PodTemplate {
  return { apiVersion: 'v1', kind: 'PodTemplate', metadata: metadata(), template: template() }
}

export function sampleJob(): Job {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { ...metadata(), uid: 'uid-a' }, spec: { template: template('Never') } }
}

export function sampleCronJob(): CronJob {
  return {
    apiVersion: 'batch/v1', kind: 'CronJob', metadata: metadata(),
    spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: template('OnFailure') } } },
  }
}

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }

export function sampleAutoscaler(): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: metadata(),
    spec: {
      scaleTargetRef, maxReplicas: 3,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
    },
  }
}

export function sampleAutoscalerV1(): AutoscalingV1HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: metadata(),
    spec: { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 },
  }
}

export function sampleDisruptionBudget(): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: metadata(),
    spec: { minAvailable: 1, selector: { matchLabels: { ...selector } } },
  }
}

export const samplePriorityClass = (): PriorityClass => ({
  apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'a' }, value: 1,
})
export const sampleRuntimeClass = (): RuntimeClass => ({
  apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'a' }, handler: 'runc',
})
export const sampleComponentStatus = (): ComponentStatus => ({ apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name: 'scheduler' } })

export function sampleClaim(): PersistentVolumeClaim {
  return {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: metadata(),
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
}

export function sampleVolume(): PersistentVolume {
  return {
    apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'a' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
  }
}

export const workloadSamples: Readonly<Record<string, () => KubeObject>> = {
  DaemonSet: sampleDaemonSet, StatefulSet: sampleStatefulSet, ControllerRevision: sampleControllerRevision,
  ReplicationController: sampleReplicationController, PodTemplate: samplePodTemplate, Job: sampleJob, CronJob: sampleCronJob,
  'autoscaling/v2/HorizontalPodAutoscaler': sampleAutoscaler, 'autoscaling/v1/HorizontalPodAutoscaler': sampleAutoscalerV1,
  PodDisruptionBudget: sampleDisruptionBudget, PriorityClass: samplePriorityClass, RuntimeClass: sampleRuntimeClass,
  ComponentStatus: sampleComponentStatus, PersistentVolumeClaim: sampleClaim, PersistentVolume: sampleVolume,
}
