import { Resolver } from 'node:dns/promises'

const ASK_TIMEOUT_MS = 250

/** Whether the cluster's DNS, asked as a pod would, gives that address for that name. */
export async function resolveThroughNode(dnsAddress: string, name: string, expected: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: ASK_TIMEOUT_MS, tries: 1 })
  resolver.setServers([dnsAddress])
  try {
    return (await resolver.resolve4(name)).includes(expected)
  } catch {
    return false
  }
}
