import { claimIndex, loadConfig, newConfig, portsOf, saveConfig, type ClusterConfig } from '../cluster-config.ts'
import { commandFor, contextName, dataDirectoryOf, printJson, type Invocation } from '../invocation.ts'
import { kubeconfigPath, merge } from '../kubeconfig.ts'
import { notePlace } from '../kubeconfig-places.ts'
import type { Machine } from '../machine.ts'
import { Phases } from '../phases.ts'
import { changedServerFiles, sameServerFiles, type ServerFiles } from '../server-files.ts'

export interface UpOptions {
  readonly port: number | undefined
  readonly nodes: 0 | 1
  readonly serverFiles: ServerFiles
  /** Undefined: as it was. */
  readonly certificateLifetimeSeconds: number | undefined
}

export async function up(invocation: Invocation, options: UpOptions): Promise<void> {
  const phases = new Phases(invocation.errors, { quiet: invocation.json })
  const { config, alreadyRan } = await bringUp(invocation, options, phases)
  const path = kubeconfigPath(invocation.machine.environment)
  if (invocation.json) {
    return printJson(invocation.data, {
      ...(await invocation.machine.status(config)),
      alreadyRunning: alreadyRan,
      kubeconfig: path,
      phases: phases.times,
    })
  }
  if (alreadyRan) invocation.errors.write(`The cluster "${config.name}" runs already; nothing was changed.\n`)
  const next = `kubectl get ${config.nodes === 0 ? 'namespaces' : 'pods --all-namespaces'}`
  invocation.errors.write(`The context ${contextName(config.name)} is the current one in ${path}. Next:\n\n  ${next}\n`)
}

/** What `up` and `demo` share: afterwards the cluster runs, is ready, and the kubeconfig names it. */
export async function bringUp(
  invocation: Invocation,
  options: UpOptions,
  phases: Phases
): Promise<{ config: ClusterConfig; alreadyRan: boolean }> {
  const { machine } = invocation
  const known = loadConfig(dataDirectoryOf(invocation))
  checkOptions(invocation, options, known)
  const settings = changedSettings(known, options)
  const isChange = !sameSettings(settings, known)
  if (known !== undefined && (await machine.status(known)).state === 'running') {
    if (isChange) throw new Error(
      `the server reads its settings when it starts: run "${commandFor(invocation, 'down')}" first, then this again`
    )
    await giveAccess(machine, known)
    return { config: known, alreadyRan: true }
  }
  const nodes = known?.nodes ?? options.nodes
  if (nodes > 0) {
    await phases.run(
      'packages',
      (report) => machine.installNodePackages(report),
      (names) => (names.length === 0 ? 'all present' : names.join(', '))
    )
  }
  const config: ClusterConfig = { ...(known ?? (await createConfig(invocation, options))), ...settings }
  if (isChange) saveConfig(config)
  try {
    await phases.run('API server', () => machine.startServer(config), () => `https://127.0.0.1:${config.port}`)
  } catch (error) {
    // With the settings that it had before, a cluster that worked still works.
    if (known !== undefined && isChange) saveConfig(known)
    throw error
  }
  await giveAccess(machine, config)
  if (nodes > 0) {
    await phases.run('node', async () => {
      await machine.startNode(config)
      await machine.waitForNodeReady(config)
    }, () => config.nodeName)
    await phases.run('cluster DNS', () => machine.waitForDns(config), () => config.dnsServiceAddress)
  }
  return { config, alreadyRan: false }
}

type Settings = Pick<ClusterConfig, 'serverFiles' | 'certificateLifetimeSeconds'>

function changedSettings(known: ClusterConfig | undefined, options: UpOptions): Settings {
  const seconds = options.certificateLifetimeSeconds ?? known?.certificateLifetimeSeconds
  return {
    serverFiles: changedServerFiles(known?.serverFiles ?? {}, options.serverFiles),
    ...(seconds === undefined ? {} : { certificateLifetimeSeconds: seconds }),
  }
}

function sameSettings(settings: Settings, known: Settings | undefined): boolean {
  return settings.certificateLifetimeSeconds === known?.certificateLifetimeSeconds
    && sameServerFiles(settings.serverFiles ?? {}, known?.serverFiles ?? {})
}

async function giveAccess(machine: Machine, config: ClusterConfig): Promise<void> {
  const path = kubeconfigPath(machine.environment)
  await merge(path, await machine.access(config))
  notePlace(config.dataDirectory, path)
}

function checkOptions(invocation: Invocation, options: UpOptions, known: ClusterConfig | undefined): void {
  if (known !== undefined && options.port !== undefined && options.port !== known.port) {
    throw new Error(`the cluster "${known.name}" was made with port ${known.port}. Leave --port out, or make another cluster with --name.`)
  }
  if ((known?.nodes ?? options.nodes) > 0 && !invocation.machine.isRoot) {
    throw new Error(
      `a node runs containers, which needs root: run "sudo ${commandFor(invocation, 'up')}", or start a control plane alone with --nodes 0`
    )
  }
}

async function createConfig(invocation: Invocation, options: UpOptions): Promise<ClusterConfig> {
  const { machine } = invocation
  if (options.port !== undefined && !(await machine.isPortFree(options.port))) {
    throw new Error(`port ${options.port} is in use by another program. Choose another one with --port, or leave the option out.`)
  }
  const dataDirectory = dataDirectoryOf(invocation)
  const index = claimIndex(machine.registryDirectory, dataDirectory)
  const config = newConfig({
    name: invocation.name,
    dataDirectory,
    index,
    port: options.port ?? (await machine.freePort(portsOf(index))),
    nodes: options.nodes,
    nodeName: machine.hostName,
  })
  saveConfig(config)
  return config
}
