import { defaultDataDirectory, loadConfig, type ClusterConfig } from './cluster-config.ts'
import type { DemoTools } from './demo-tools.ts'
import type { Machine } from './machine.ts'
import type { Output } from './phases.ts'

/** One run of the command line: what was asked for, and what it may use. */
export interface Invocation {
  readonly name: string
  readonly dataDirectory: string | undefined
  readonly json: boolean
  readonly machine: Machine
  readonly demoTools: DemoTools
  /** stdout: what the user asked for. */
  readonly data: Output
  /** stderr: progress and complaints. */
  readonly errors: Output
}

export function dataDirectoryOf(invocation: Invocation): string {
  const { machine } = invocation
  return invocation.dataDirectory ?? defaultDataDirectory(invocation.name, machine.environment, machine.isRoot)
}

/** The cluster that was named; an error that says how to make it where there is none. */
export function existingCluster(invocation: Invocation): ClusterConfig {
  const config = loadConfig(dataDirectoryOf(invocation))
  if (config !== undefined) return config
  const place = `there is no cluster ${JSON.stringify(invocation.name)} in ${dataDirectoryOf(invocation)}`
  throw new Error(`${place}. Make it with: ${commandFor(invocation, 'up')}`)
}

/** The command that a user would type for this very cluster. */
export function commandFor(invocation: Invocation, command: string): string {
  const nameOption = invocation.name === 'default' ? '' : ` --name ${invocation.name}`
  const directoryOption = invocation.dataDirectory === undefined ? '' : ` --data-dir ${invocation.dataDirectory}`
  // As it was typed: ./lotse, or a path to it.
  const typed = invocation.machine.environment['LOTSE_COMMAND'] ?? 'lotse'
  return `${typed} ${command}${nameOption}${directoryOption}`
}

/** The context of a cluster in kubeconfigs. */
export function contextName(clusterName: string): string {
  return `lotse-${clusterName}`
}

export function printJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, null, 2)}\n`)
}
