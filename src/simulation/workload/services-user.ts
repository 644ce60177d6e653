import { kinds } from '../../resources/generated/kinds.ts'
import type { Service } from '../../resources/generated/types.ts'
import type { User } from './user.ts'
import { keepBusy } from './user.ts'

/** Services of all sorts come, change what they select, and go. */
export async function useServices(user: User): Promise<void> {
  await keepBusy(user, 8_000, async () => {
    const name = user.random.pick(['front', 'back'])
    const key = { namespace: user.namespace, name }
    const known = await user.client.get(kinds.Service, key).catch(() => undefined)
    if (known === undefined) {
      await user.client.create(kinds.Service, newService(user, name))
    } else if (user.random.chance(0.3)) {
      await user.client.delete(kinds.Service, key)
    } else {
      await user.client.patch(kinds.Service, key, {
        type: 'merge',
        body: { spec: { selector: { app: user.random.pick(['shop', 'cart', 'other']) } } },
      })
    }
  })
}

function newService({ random, namespace }: User, name: string): Service {
  const port = { name: 'http', port: 80, targetPort: 80 }
  const shape = random.pick([{}, { type: 'NodePort' }, { clusterIP: 'None' }, { sessionAffinity: 'ClientIP' }])
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: random.pick(['shop', 'cart']) }, ports: [port], ...shape },
  }
}
