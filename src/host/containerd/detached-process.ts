import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { writePrivateFile } from '../private-file.ts'

/** A process by its pid and the time it started at: a pid alone may be another process's by now. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since the machine started, as in /proc/PID/stat. */
  readonly startTicks: string
}

export interface DetachedCommand {
  readonly program: string
  readonly parameters: readonly string[]
  readonly logFile: string
  readonly pidFile: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts a program that outlives this process, with its output in a log file and its identity in a pid file. */
export async function startDetached(command: DetachedCommand): Promise<ProcessIdentity> {
  const log = openSync(command.logFile, 'a', 0o600)
  try {
    const child = spawn(command.program, command.parameters, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...command.environment },
    })
    await new Promise<void>((resolve, reject) => {
      child.on('spawn', () => resolve())
      child.on('error', reject)
    })
    child.unref()
    const pid = child.pid
    const startTicks = pid === undefined ? undefined : startTicksOf(pid)
    if (pid === undefined || startTicks === undefined) {
      throw new Error(`${command.program} ended at once; its log is ${command.logFile}`)
    }
    const identity = { pid, startTicks }
    writePidFile(command.pidFile, identity)
    return identity
  } finally {
    closeSync(log)
  }
}

/** The process that a pid file names, if it still runs. */
export function runningProcess(pidFile: string): ProcessIdentity | undefined {
  let text: string
  try {
    text = readFileSync(pidFile, 'utf8')
  } catch {
    return undefined
  }
  const match = /^(\d+) (\d+)\n$/.exec(text)
  const [, pid = '', startTicks = ''] = match ?? []
  const identity = { pid: Number(pid), startTicks }
  return match !== null && isRunning(identity) ? identity : undefined
}

/** Whether that very process runs, not another one that got its pid. */
export function isRunning(identity: ProcessIdentity): boolean {
  return startTicksOf(identity.pid) === identity.startTicks
}

/** SIGTERM, then SIGKILL after graceMs. Resolves when the process is gone. */
export async function stopProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  sendSignal(identity, 'SIGTERM')
  if (await isGone(identity, graceMs)) return
  sendSignal(identity, 'SIGKILL')
  if (await isGone(identity, 5000)) return
  throw new Error(`Process ${identity.pid} is still there 5 s after SIGKILL`)
}

export function removePidFile(pidFile: string): void {
  rmSync(pidFile, { force: true })
}

async function isGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false
    await delay(20)
  }
  return true
}

function sendSignal(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return
  try {
    process.kill(identity.pid, signal)
  } catch {
    // It ended in between.
  }
}

function writePidFile(pidFile: string, identity: ProcessIdentity): void {
  writePrivateFile(pidFile, `${identity.pid} ${identity.startTicks}\n`)
}

/** Undefined for a process that is not there, or is only a zombie. */
function startTicksOf(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The second field is the program's name in brackets, which may hold anything; the rest is numbers.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}
