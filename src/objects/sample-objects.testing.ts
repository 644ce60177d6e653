import type { KubeObject } from './kube-object.ts'

/** An object of the sample schemas, new on every call. */
export interface SampleDeployment extends KubeObject {
  spec: {
    replicas?: number
    paused?: boolean
    selector?: { matchLabels: Record<string, string> }
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: number } }
    template: {
      metadata?: { labels: Record<string, string> }
      spec: { containers: SampleContainer[]; nodeSelector?: Record<string, string> }
    }
  }
  status?: { readyReplicas: number }
}

export interface SampleContainer {
  name: string
  image?: string
  ports?: { containerPort: number; protocol?: string; name?: string }[]
  env?: { name: string; value: string }[]
}

export function sampleDeployment(): SampleDeployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
    spec: {
      replicas: 3,
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80, protocol: 'TCP' }], env: [{ name: 'A', value: '1' }] }],
        },
      },
    },
  }
}
