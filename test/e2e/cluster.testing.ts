/** A real cluster below a temporary directory, driven through ./lotse as a user would, and the real kubectl. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClusterStatus } from '../../src/cli/machine.ts'

const ROOT = join(import.meta.dirname, '../..')

export type KubectlVersion = '1.32' | '1.35'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface TestCluster {
  readonly name: string
  readonly dataDirectory: string
  readonly kubeconfig: string
  lotse(...parameters: string[]): Ran
  /** Must succeed; what it printed on stdout. */
  kubectl(...parameters: string[]): string
  /** With standard input, or expected to fail, or of another version. */
  runKubectl(parameters: readonly string[], options?: { readonly input?: string; readonly version?: KubectlVersion; readonly timeoutMs?: number }): Ran
  status(): ClusterStatus
  /** Everything the cluster made is removed; throws when that fails. */
  remove(): void
}

const COMMAND_TIMEOUT_MS = 180_000
const KUBECTL_TIMEOUT_MS = 60_000

/** False where the clients could not be brought here (tools/clients/install.sh says why). */
export function installClients(): boolean {
  return spawnSync('sh', [join(ROOT, 'tools/clients/install.sh')], { stdio: ['ignore', 'inherit', 'inherit'], timeout: 600_000 }).status === 0
}

export function clientPath(name: 'kubectl-1.32' | 'kubectl-1.35' | 'helm'): string {
  return join(ROOT, '.cache/clients', name)
}

/** Why this machine cannot run containers; undefined when it can. */
export function noContainers(): string | undefined {
  if (process.getuid?.() !== 0) return 'containers need root'
  if (process.platform !== 'linux') return 'containers need Linux'
  if (!existsSync('/etc/debian_version') && spawnSync('containerd', ['--version']).status !== 0) return 'containerd is missing, and this is not Debian, where it would be installed'
  return undefined
}

/** Starts `lotse up`; name tells the clusters of several test files apart. */
export function startCluster(name: string, ...upOptions: string[]): TestCluster {
  const directory = mkdtempSync(join(tmpdir(), `lotse-${name}-`))
  const cluster = clusterIn(directory, name)
  const up = cluster.lotse('up', ...upOptions)
  if (up.code !== 0) {
    const logs = cluster.lotse('logs', '--tail', '30')
    cluster.remove()
    assert.fail(`lotse up failed: ${up.stderr}\n${logs.stdout}`)
  }
  return cluster
}

/** The commands for a cluster that may not exist yet. */
export function clusterIn(directory: string, name: string): TestCluster {
  const dataDirectory = join(directory, 'data')
  const kubeconfig = join(directory, 'kubeconfig')
  const environment = { ...process.env, KUBECONFIG: kubeconfig, HOME: directory, XDG_DATA_HOME: join(directory, 'share') }
  const run = (program: string, parameters: readonly string[], input: string | undefined, timeoutMs: number): Ran => {
    const result = spawnSync(program, parameters, { encoding: 'utf8', env: environment, input, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 })
    return { code: result.status ?? -1, stdout: result.stdout ?? '', stderr: result.error === undefined ? result.stderr : `${result.stderr}${result.error.message}` }
  }
  const lotse = (...parameters: string[]): Ran => run(join(ROOT, 'lotse'), [...parameters, '--name', name, '--data-dir', dataDirectory], undefined, COMMAND_TIMEOUT_MS)
  const runKubectl: TestCluster['runKubectl'] = (parameters, options = {}) =>
    run(clientPath(`kubectl-${options.version ?? '1.32'}`), parameters, options.input, options.timeoutMs ?? KUBECTL_TIMEOUT_MS)
  return {
    name,
    dataDirectory,
    kubeconfig,
    lotse,
    runKubectl,
    kubectl(...parameters) {
      const ran = runKubectl(parameters)
      assert.equal(ran.code, 0, `kubectl ${parameters.join(' ')}: ${ran.stderr}${ran.stdout}`)
      return ran.stdout
    },
    status: () => JSON.parse(lotse('status', '--output', 'json').stdout) as ClusterStatus,
    remove() {
      const down = lotse('down', '--purge')
      assert.equal(down.code, 0, `lotse down --purge: ${down.stderr}`)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
