import { existingCluster, printJson, type Invocation } from '../invocation.ts'
import { standalone } from '../kubeconfig.ts'
import { load } from 'js-yaml'

export async function printKubeconfig(invocation: Invocation): Promise<void> {
  const text = standalone(await invocation.machine.access(existingCluster(invocation)))
  if (invocation.json) return printJson(invocation.data, load(text))
  invocation.data.write(text)
}
