import { loadConfig } from '../cluster-config.ts'
import { commandFor, contextName, dataDirectoryOf, printJson, type Invocation } from '../invocation.ts'
import { kubeconfigPath, remove } from '../kubeconfig.ts'
import { Phases } from '../phases.ts'

/** Stops the cluster; with purge nothing of it is left. Both are fine when there is nothing to do. */
export async function down(invocation: Invocation, options: { readonly purge: boolean }): Promise<void> {
  const { machine } = invocation
  const phases = new Phases(invocation.errors, { quiet: invocation.json })
  const config = loadConfig(dataDirectoryOf(invocation))
  if (config === undefined) {
    const cleaned = options.purge && (await remove(kubeconfigPath(machine.environment), contextName(invocation.name)))
    if (invocation.json) return printJson(invocation.data, { name: invocation.name, state: 'absent' })
    const alsoDone = cleaned ? '; its entries were taken out of the kubeconfig' : ''
    invocation.errors.write(`There is no cluster "${invocation.name}" in ${dataDirectoryOf(invocation)}${alsoDone}.\n`)
    return
  }
  if (config.nodes > 0 && !machine.isRoot) {
    throw new Error(`this cluster has a node with containers: run "sudo ${commandFor(invocation, 'down')}"`)
  }
  await phases.run('stop', (report) => machine.stop(config, report))
  if (options.purge) {
    await phases.run('remove', async () => {
      await machine.purge(config)
      await remove(kubeconfigPath(machine.environment), contextName(config.name))
    }, () => config.dataDirectory)
  }
  if (invocation.json) {
    return printJson(invocation.data, { name: config.name, state: options.purge ? 'removed' : 'stopped', phases: phases.times })
  }
  if (!options.purge) {
    const up = `${commandFor(invocation, 'up')}            to go on`
    const purge = `${commandFor(invocation, 'down --purge')}  to remove it all`
    invocation.errors.write(`The data is kept in ${config.dataDirectory}. Next:\n\n  ${up}\n  ${purge}\n`)
  }
}
