import type { Patch } from '../../client/client.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Deployment, PodTemplateSpec } from '../../resources/generated/types.ts'
import type { User } from './user.ts'
import { keepBusy } from './user.ts'

const GOOD_IMAGES = ['web:1', 'web:2', 'web:3'] as const
/** One that cannot be pulled for a while, and one that never can. */
const IMAGES = [...GOOD_IMAGES, ...GOOD_IMAGES, 'flaky:1', 'missing:1'] as const
const NAMES = ['shop', 'cart'] as const
const MAX_REPLICAS = 5

/** Creates, scales, updates, rolls back, pauses and deletes Deployments. */
export async function useDeployments(user: User): Promise<void> {
  const past = new Map<string, PodTemplateSpec[]>()
  await keepBusy(user, 5_000, async () => {
    const name = user.random.pick(NAMES)
    const key = { namespace: user.namespace, name }
    const known = await user.client.get(kinds.Deployment, key).catch(() => undefined)
    if (known === undefined) {
      await user.client.create(kinds.Deployment, newDeployment(user, name))
      return
    }
    const templates = past.get(name) ?? []
    if (known.spec !== undefined) past.set(name, [...templates, known.spec.template].slice(-4))
    const deed = user.random.between(0, 11)
    if (deed === 0)
      await user.client.delete(kinds.Deployment, key, {
        propagationPolicy: user.random.pick(['Background', 'Foreground', 'Orphan'] as const),
      })
    else await user.client.patch(kinds.Deployment, key, patchFor(user, deed, templates))
  })
}

function patchFor(user: User, deed: number, past: readonly PodTemplateSpec[]): Patch {
  const { random } = user
  if (deed <= 4) return { type: 'merge', body: { spec: { replicas: random.between(0, MAX_REPLICAS) } } }
  if (deed <= 7) return containerPatch({ image: random.pick(IMAGES) })
  if (deed === 8) return containerPatch({ env: [{ name: 'ROUND', value: String(random.between(1, 5)) }] })
  if (deed === 9 && past.length > 0)
    return { type: 'json', operations: [{ op: 'replace', path: '/spec/template', value: random.pick(past) }] }
  return { type: 'merge', body: { spec: { paused: random.chance(0.4) } } }
}

function containerPatch(change: object): Patch {
  return { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'web', ...change }] } } } } }
}

function newDeployment({ random, namespace }: User, name: string): Deployment {
  const labels = { app: name }
  const rollingUpdate = random.pick([
    { maxSurge: 1, maxUnavailable: 0 },
    { maxSurge: 0, maxUnavailable: 1 },
    { maxSurge: '25%', maxUnavailable: '25%' },
    { maxSurge: 2, maxUnavailable: 1 },
  ] as const)
  const strategy = random.chance(0.15) ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate }
  const readinessProbe = { httpGet: { path: '/', port: 80 }, periodSeconds: 5 }
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels },
    spec: {
      replicas: random.between(1, MAX_REPLICAS), selector: { matchLabels: labels }, strategy,
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: random.pick([0, 2, 5, 30]),
          containers: [
            {
              name: 'web',
              image: random.pick(GOOD_IMAGES),
              ports: [{ containerPort: 80 }],
              ...(random.chance(0.4) ? { readinessProbe } : {}),
            },
          ],
        },
      },
    },
  }
}

/** What a user mends in the end, so that every Deployment can become whole: pauses and images that cannot run. */
export async function mendDeployments(user: User): Promise<void> {
  for (const { metadata, spec } of (await user.client.list(kinds.Deployment, { namespace: user.namespace })).items) {
    const key = { namespace: user.namespace, name: metadata.name ?? '' }
    const image = spec?.template.spec?.containers[0]?.image ?? ''
    if (spec?.paused === true) await user.client.patch(kinds.Deployment, key, { type: 'merge', body: { spec: { paused: false } } })
    if (!GOOD_IMAGES.some((good) => good === image)) await user.client.patch(kinds.Deployment, key, containerPatch({ image: 'web:1' }))
  }
}
