import type { Pod } from '../../generated/types.ts'

/** A pod of about 2.5 KiB that uses most of what a pod can have: for tests that take it apart, and for measuring. */
export function richPod(): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      name: 'web-7c5ddbdf54-x2x9k', namespace: 'shop', labels: { app: 'web', tier: 'frontend', 'pod-template-hash': '7c5ddbdf54' },
      annotations: { 'example.com/owner': 'team-a' },
    },
    spec: {
      serviceAccountName: 'web', nodeSelector: { 'kubernetes.io/os': 'linux' },
      initContainers: [
        {
          name: 'migrate',
          image: 'registry.local:5000/shop/migrate:1.4',
          command: ['/migrate', '--up'],
          env: [{ name: 'DB', value: 'shop' }],
        },
        { name: 'proxy', image: 'proxy@sha256:0123', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 15000 } } },
      ],
      containers: [
        {
          name: 'web', image: 'registry.local:5000/shop/web:2.1', args: ['--listen', ':8080'],
          ports: [{ name: 'http', containerPort: 8080 }, { name: 'metrics', containerPort: 9090, protocol: 'TCP' }],
          env: [
            { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
            { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'web', key: 'token' } } },
            { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'web', key: 'mode', optional: true } } },
          ],
          envFrom: [{ prefix: 'WEB_', configMapRef: { name: 'web' } }],
          resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '1', memory: '256Mi' } },
          livenessProbe: { httpGet: { path: '/healthz', port: 'http' }, initialDelaySeconds: 5 },
          readinessProbe: { httpGet: { path: '/ready', port: 8080, httpHeaders: [{ name: 'X-Probe', value: '1' }] } },
          startupProbe: { exec: { command: ['/started'] }, failureThreshold: 30 },
          lifecycle: { preStop: { sleep: { seconds: 5 } } },
          securityContext: {
            runAsUser: 1000,
            allowPrivilegeEscalation: false,
            seccompProfile: { type: 'RuntimeDefault' },
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'config', mountPath: '/etc/web', readOnly: true },
            { name: 'cache', mountPath: '/cache', subPath: 'web' },
            { name: 'token', mountPath: '/var/run/secrets/token' },
            { name: 'host', mountPath: '/host', mountPropagation: 'HostToContainer' },
          ],
        },
        { name: 'log', image: 'log', resources: { limits: { memory: '32Mi' } }, volumeMounts: [{ name: 'cache', mountPath: '/cache' }] },
      ],
      volumes: [
        { name: 'config', configMap: { name: 'web', items: [{ key: 'web.conf', path: 'conf/web.conf' }] } },
        { name: 'cache', emptyDir: { sizeLimit: '100Mi' } },
        {
          name: 'token',
          projected: {
            sources: [
              { serviceAccountToken: { path: 'token', audience: 'api' } },
              { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
              { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
            ],
          },
        },
        { name: 'host', hostPath: { path: '/data' } },
        { name: 'secret', secret: { secretName: 'web', defaultMode: 0o400 } },
        { name: 'claim', persistentVolumeClaim: { claimName: 'web' } },
      ],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }],
          },
        },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 10,
              podAffinityTerm: {
                topologyKey: 'kubernetes.io/hostname',
                labelSelector: { matchLabels: { app: 'web' } },
                matchLabelKeys: ['pod-template-hash'],
              },
            },
          ],
        },
      },
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } },
      ],
      hostAliases: [{ ip: '10.0.0.1', hostnames: ['db.local'] }],
      dnsConfig: { nameservers: ['10.0.0.2'], searches: ['shop.local'] },
      imagePullSecrets: [{ name: 'registry' }],
      readinessGates: [{ conditionType: 'example.com/ready' }],
    },
  }
}
