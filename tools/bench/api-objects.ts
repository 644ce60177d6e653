import type { ConfigMap, Pod } from '../../src/resources/generated/types.ts'

const CONFIG_MAP_TEXT = 'x'.repeat(800)

/** About 1 KiB as JSON. */
export function configMap(name: string, version = 0): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels: { app: 'bench' } }, data: { version: String(version), text: CONFIG_MAP_TEXT } }
}

/** About 2.5 KiB as it is stored, with what the server fills in. No scheduler takes it. */
export function pod(name: string): Pod {
  const container = (containerName: string): NonNullable<Pod['spec']>['containers'][number] => ({
    name: containerName,
    image: 'registry.example/shop/web:1.27.3',
    command: ['/bin/server', '--listen=:8080', '--log-level=info'],
    env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, { name: 'MODE', value: 'production' }],
    ports: [{ name: 'http', containerPort: 8080 }],
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
    volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
  })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'shop', tier: 'web' }, annotations: { 'example.com/owner': 'the team of the web shop' } },
    spec: { schedulerName: 'nobody', automountServiceAccountToken: false, containers: [container('web'), container('proxy')], volumes: [{ name: 'settings', configMap: { name: 'settings' } }] },
  }
}
