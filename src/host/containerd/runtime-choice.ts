import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { CgroupLayout } from '../cgroup.ts'

export interface RuntimeChoice {
  readonly defaultRuntime: 'runc' | 'crun'
  readonly runtimes: { readonly runc: string | undefined; readonly crun: string | undefined }
  readonly why: string
}

/** crun starts containers in two thirds of the time and runs an exec probe in a quarter, but refuses hybrid cgroups. */
export function chooseRuntime(layout: CgroupLayout, find: (program: string) => string | undefined = findProgram): RuntimeChoice {
  const runtimes = { runc: find('runc'), crun: find('crun') }
  if (runtimes.crun !== undefined && layout !== 'hybrid') {
    return { defaultRuntime: 'crun', runtimes, why: 'crun is installed and the fastest' }
  }
  if (runtimes.runc === undefined) {
    const crunProblem = runtimes.crun === undefined ? 'crun is not installed either' : 'crun cannot run with hybrid cgroups'
    throw new Error(`runc is not installed, and ${crunProblem}. Type: apt-get install runc`)
  }
  const why = runtimes.crun === undefined ? 'crun is not installed' : 'crun cannot run with hybrid cgroups'
  return { defaultRuntime: 'runc', runtimes, why }
}

/** /usr/sbin and /sbin are looked at too: a user's PATH often lacks them. */
export function findProgram(program: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  for (const directory of directories) {
    if (directory === '') continue
    const path = join(directory, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this one.
    }
  }
  return undefined
}

/** The kernel was started with AppArmor and its tools are there: containerd asks the same. */
export function hasAppArmor(): boolean {
  return existsSync('/sys/kernel/security/apparmor') && findProgram('apparmor_parser') !== undefined
}
