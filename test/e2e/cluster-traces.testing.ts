/** What a cluster leaves in the system, found by its name, its directories and its address ranges: other clusters may run beside it. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { loadConfig } from '../../src/cli/cluster-config.ts'
import { clusterPaths } from '../../src/programs/cluster-paths.ts'

export interface Traces {
  readonly processes: readonly string[]
  readonly mounts: readonly string[]
  readonly cgroups: readonly string[]
  readonly tables: readonly string[]
  readonly routes: readonly string[]
  readonly firewall: readonly string[]
  readonly files: readonly string[]
}

/** Made while the cluster is there; may be called when it is gone. */
export function traceFinder(dataDirectory: string): () => Traces {
  const config = loadConfig(dataDirectory)
  if (config === undefined) throw new Error(`there is no cluster in ${dataDirectory}`)
  const { runDirectory, kernelName } = clusterPaths(config)
  const podPrefix = config.podCidr.replace(/0\.0\/16$/, '')
  const isOurs = (text: string): boolean => [dataDirectory, runDirectory].some((path) => text.includes(path))
  return () => ({
    processes: processes().filter(isOurs),
    mounts: lines(readFileSync('/proc/self/mountinfo', 'utf8')).map((line) => line.split(' ')[4] ?? '').filter(isOurs),
    cgroups: [...globSync(`/sys/fs/cgroup/${kernelName}`), ...globSync(`/sys/fs/cgroup/*/${kernelName}`)],
    tables: output('nft', ['list', 'tables']).filter((line) => line.includes(kernelName)),
    routes: output('ip', ['route', 'show', 'table', 'all']).filter((line) => line.includes(podPrefix)),
    firewall: ['iptables-save', 'ip6tables-save'].flatMap((program) => output(program, [])).filter((line) => line.includes(`"${kernelName}"`) || line.includes(podPrefix)),
    files: [dataDirectory, runDirectory, ...claims(dataDirectory)].filter((path) => existsSync(path)),
  })
}

export const NO_TRACES: Traces = { processes: [], mounts: [], cgroups: [], tables: [], routes: [], firewall: [], files: [] }

/** Process id and command line of every process. */
export function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()}`]
    } catch {
      return []
    }
  })
}

function claims(dataDirectory: string): string[] {
  return globSync('/var/lib/lotse/.clusters/*').filter((path) => readFileSync(path, 'utf8') === dataDirectory)
}

function output(program: string, parameters: readonly string[]): string[] {
  return lines(spawnSync(program, parameters, { encoding: 'utf8' }).stdout ?? '')
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
