import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, PodSpec } from '../../resources/generated/types.ts'
import type { User } from './user.ts'
import { keepBusy } from './user.ts'

/**
 * Pods without a controller: services that stay, jobs that end, one that fails for ever; deleted at will, evicted, killed without grace.
 * takesAny: also pods that controllers made.
 */
export async function usePods(user: User, takesAny: boolean): Promise<void> {
  let count = 0
  await keepBusy(user, 5_000, async () => {
    const all = (await user.client.list(kinds.Pod, { namespace: user.namespace })).items
    const victims = takesAny ? all : all.filter(({ metadata }) => metadata.ownerReferences === undefined)
    const victim = victims.length > 0 ? user.random.pick(victims) : undefined
    const deed = user.random.between(0, 9)
    if (victim === undefined || deed <= 4) {
      await user.client.create(kinds.Pod, newPod(user, `${user.name}-${++count}`))
      return
    }
    const key = { namespace: user.namespace, name: victim.metadata.name ?? '' }
    const uid = victim.metadata.uid ?? ''
    if (deed <= 7)
      await user.client.delete(kinds.Pod, key, {
        uid,
        ...user.random.pick([{}, { gracePeriodSeconds: 0 }, { gracePeriodSeconds: 1 }, { gracePeriodSeconds: 20 }]),
      })
    else if (deed === 8)
      await user.client.patch(kinds.Pod, key, { type: 'merge', body: { metadata: { uid, labels: { touched: String(count) } } } })
    else await user.client.createSubresource(kinds.Pod, key, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: key })
  })
}

function newPod({ random, namespace }: User, name: string): Pod {
  const image = random.pick(['web:1', 'web:1', 'web:2', 'flaky:1'])
  const specs: readonly PodSpec[] = [
    { containers: [{ name: 'web', image }, { name: 'side', image: 'web:1' }] },
    { restartPolicy: 'Never', containers: [{ name: 'job', image }] },
    { restartPolicy: 'OnFailure', containers: [{ name: 'job', image }, { name: 'failing', image: 'web:1' }] },
    { initContainers: [{ name: 'job', image: 'web:1' }], containers: [{ name: 'web', image }] },
    {
      initContainers: [{ name: 'side', image: 'web:1', restartPolicy: 'Always' }],
      restartPolicy: 'Never',
      containers: [{ name: 'job', image }],
    },
  ]
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: random.pick(['shop', 'other']) } },
    spec: { terminationGracePeriodSeconds: random.pick([0, 3, 30]), ...random.pick(specs) },
  }
}
