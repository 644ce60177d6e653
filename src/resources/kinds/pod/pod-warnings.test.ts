import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../../objects/kube-object.ts'
import type { ResourceDefinition } from '../../definition.ts'
import { sampleContainer, sampleDeployment, samplePod, sampleReplicaSet } from '../../sample-objects.testing.ts'
import { sampleClaim, sampleCronJob, sampleJob, samplePodTemplate, sampleRuntimeClass, sampleStatefulSet, sampleVolume } from '../../sample-workloads.testing.ts'
import { changed, created } from '../checking.testing.ts'
import type { Change } from '../checking.testing.ts'
import { cronJobs } from '../cron-job/cron-job.ts'
import { deployments } from '../deployment.ts'
import { jobs } from '../job/job.ts'
import { podTemplates } from '../pod-template.ts'
import { replicaSets } from '../replica-set.ts'
import { runtimeClasses } from '../runtime-class.ts'
import { serviceAccounts } from '../service-account.ts'
import { statefulSets } from '../stateful-set.ts'
import { persistentVolumeClaims } from '../volume/persistent-volume-claim.ts'
import { persistentVolumes } from '../volume/persistent-volume.ts'
import { pods } from './pod.ts'

/** check(change, ...warnings): the sample with that change, when it is new. */
function warningChecks<T extends KubeObject>(definition: ResourceDefinition<T>, sample: () => T): (change: Change, ...expected: string[]) => void {
  return (change, ...expected) => assert.deepEqual(definition.warnings(created(definition, changed(sample(), change)), undefined), expected)
}

const check = warningChecks(pods, samplePod)
const checkTemplate = warningChecks(podTemplates, samplePodTemplate)
const LONG = 'must be no more than 63 bytes'

test('names and places of pods', () => {
  check({})
  check({ 'metadata.name': 'a.b' }, "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]")
  check({ 'spec.nodeSelector': { 'beta.kubernetes.io/os': 'linux', disk: 'ssd' } },
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead')
  const expression = { key: 'failure-domain.beta.kubernetes.io/zone', operator: 'Exists' }
  const deprecated = 'failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
  check({ 'spec.affinity.nodeAffinity': {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [expression] }] },
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [expression] } }],
  } }, `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: ${deprecated}`,
  `spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key: ${deprecated}`)
  check({ 'spec.topologySpreadConstraints': [{ maxSkew: 1, topologyKey: 'failure-domain.beta.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' }] },
    `spec.topologySpreadConstraints[0].topologyKey: ${deprecated}`, 'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod')
  check({ 'spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution': [{ weight: 1, podAffinityTerm: { topologyKey: 'host' } }] },
    'spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: a null labelSelector results in matching no pod')
})

test('annotations that nobody reads any more', () => {
  check({ 'metadata.annotations': { 'scheduler.alpha.kubernetes.io/critical-pod': '', 'seccomp.security.alpha.kubernetes.io/pod': 'x' } },
    'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
    'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead')
  const armor = 'container.apparmor.security.beta.kubernetes.io/web'
  check({ 'metadata.annotations': { [armor]: 'x' } })
  checkTemplate({ 'template.metadata.annotations': { [armor]: 'x' } },
    `template.metadata.annotations[${armor}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
  checkTemplate({ 'template.metadata.annotations': { [armor]: 'x' }, 'template.spec.securityContext.appArmorProfile': { type: 'RuntimeDefault' } })
})

test('lists and numbers of pods', () => {
  check({ 'spec.hostAliases': [{ ip: '10.0.0.1' }, { ip: '10.0.0.1' }] }, 'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"')
  check({ 'spec.imagePullSecrets': [{ name: 'a' }, { name: 'a' }, {}] }, 'spec.imagePullSecrets[1].name: duplicate name "a"',
    'spec.imagePullSecrets[2].name: invalid empty name ""')
  check({ 'spec.terminationGracePeriodSeconds': -1 },
    'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1')
  check({ 'spec.containers[0].resources': { requests: { memory: '100m' }, limits: { memory: '1500m', cpu: '500m' } } },
    'spec.containers[0].resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer',
    'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer')
})

test('variables that hide others, and ports that meet', () => {
  const env = [{ name: 'X', value: 'a' }, { name: 'X', value: '$(X):b' }, { name: 'X', value: 'c' }, { name: 'X', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }]
  check({ 'spec.containers[0].env': env }, ...[2, 3].map((index) => `spec.containers[0].env[${index}]: hides previous definition of "X", which may be dropped when using apply`))
  const other = sampleContainer({ name: 'log', ports: [{ containerPort: 80 }, { containerPort: 443, hostPort: 1 }, { containerPort: 444, hostIP: '10.0.0.1', hostPort: 2 }] })
  const web = sampleContainer({ ports: [{ containerPort: 80 }, { containerPort: 443 }, { containerPort: 444, hostPort: 2 }] })
  check({ 'spec.containers': [web, other] }, 'spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]',
    'spec.containers[1].ports[1]: overlapping port definition with spec.containers[0].ports[1]',
    'spec.containers[1].ports[2]: dangerously ambiguous port definition with spec.containers[0].ports[2]')
})

test('volumes of pods', () => {
  const items = (...paths: string[]): object[] => paths.map((path) => ({ key: 'k', path }))
  check({ 'spec.volumes': [{ name: 'g', gitRepo: { repository: 'r' } }, { name: 's', storageos: { volumeName: 'x' } }] },
    'spec.volumes[0].gitRepo: deprecated in v1.11', 'spec.volumes[1].storageOS: deprecated in v1.22, non-functional in v1.25+')
  check({ 'spec.volumes': [{ name: 'c', configMap: { name: 'm', items: items('a', 'a/b', 'c') } }] },
    'volume "c" (ConfigMap "m"): overlapping paths: "a/b" with "a"')
  check({ 'spec.volumes': [{ name: 'p', projected: { sources: [{ secret: { name: 's', items: items('a') } }, { configMap: { name: 'm', items: items('a/b') } }, {}] } }] },
    'volume "p" (Projected ConfigMap "m"): overlapping paths: "a/b" with "a"', 'volume "p" (Projected) has no sources provided')
})

test('warnings of templates come where they are new', () => {
  const deployment = changed(sampleDeployment(), { 'metadata.generation': 1, 'spec.template.spec.nodeSelector': { 'beta.kubernetes.io/arch': 'x' } })
  const expected = ['spec.template.spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead']
  assert.deepEqual(deployments.warnings(deployment, undefined), expected)
  assert.deepEqual(deployments.warnings(deployment, deployment), [])
  assert.deepEqual(deployments.warnings(changed(deployment, { 'metadata.generation': 2 }), deployment), expected)
  warningChecks(podTemplates, samplePodTemplate)({ 'template.spec.terminationGracePeriodSeconds': -1 },
    'template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1')
})

test('what other kinds warn of', () => {
  const hostnames = 'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: '
  warningChecks(jobs, sampleJob)({ 'metadata.name': 'a'.repeat(64) }, `${hostnames}[${LONG}]`)
  warningChecks(cronJobs, sampleCronJob)({ 'metadata.name': 'a.b' }, `${hostnames}[must not contain dots]`)
  warningChecks(deployments, sampleDeployment)({ 'metadata.name': 'a.b' }, `${hostnames}[must not contain dots]`)
  warningChecks(replicaSets, sampleReplicaSet)({ 'metadata.name': 'a.b' }, `${hostnames}[must not contain dots]`)
  const zoned = changed(sampleCronJob(), { 'metadata.name': 'a.b', 'spec.schedule': 'TZ=UTC * * * * *' })
  assert.deepEqual(cronJobs.warnings(zoned, zoned), ['cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, ' +
    'see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details'])
  const many = { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001 }
  const indexes = 'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, ' +
    'Kubernetes might not be able to track completedIndexes when a big number of indexes fail'
  const crowd = changed(sampleJob(), { 'metadata.generation': 1, spec: { ...sampleJob().spec, ...many } })
  assert.deepEqual([jobs.warnings(crowd, undefined), jobs.warnings(crowd, crowd)], [[`spec: ${indexes}`], []])
  const template = { ...sampleCronJob().spec?.jobTemplate.spec, ...many }
  warningChecks(cronJobs, sampleCronJob)({ 'spec.jobTemplate.spec': template }, `spec.jobTemplate.spec: ${indexes}`)
  const claim = { ...sampleClaim(), spec: { ...sampleClaim().spec, resources: { requests: { storage: '1500m' } } } }
  const odd = changed(sampleStatefulSet(), { 'spec.volumeClaimTemplates': [claim] })
  const fraction = 'resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer'
  assert.deepEqual([statefulSets.warnings(odd, undefined), statefulSets.warnings(odd, odd)],
    [[`spec.volumeClaimTemplates[0].${fraction}`], [`spec.volumeClaimTemplates[0].Spec.${fraction}`]])
  warningChecks(statefulSets, sampleStatefulSet)({ 'spec.revisionHistoryLimit': -1 },
    'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended')
  const beta = { 'volume.beta.kubernetes.io/storage-class': 'fast' }
  const replaced = 'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead'
  warningChecks(persistentVolumes, sampleVolume)({ 'metadata.annotations': beta, 'spec.persistentVolumeReclaimPolicy': 'Recycle' }, replaced,
    'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.')
  warningChecks(persistentVolumeClaims, sampleClaim)({ 'metadata.annotations': beta, 'spec.resources.requests.storage': '1500m' }, replaced,
    'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer')
  warningChecks(runtimeClasses, sampleRuntimeClass)({ 'scheduling.nodeSelector': { 'beta.kubernetes.io/os': 'linux' } },
    'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead')
  warningChecks(serviceAccounts, () => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } }))(
    { 'metadata.annotations': { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
    'metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets')
})
