import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { removePidFile, runningProcess, startDetached, stopProcess } from '../containerd/detached-process.ts'
import { get } from '../node-http.ts'
import { readFileIfPresent, writePrivateFile } from '../private-file.ts'

export interface RegistryOptions {
  /** Everything of it lives below: configuration, images, log, pid file. */
  readonly directory: string
  /** On 127.0.0.1. */
  readonly port: number
}

const READY_TIMEOUT_MS = 10_000

/** Debian's docker-registry as a process of our own, never its packaged service. Answers whether it ran already. */
export async function ensureRegistry(options: RegistryOptions, signal: AbortSignal): Promise<'started' | 'running'> {
  const { directory, port } = options
  const files = registryFiles(directory)
  mkdirSync(files.images, { recursive: true, mode: 0o700 })
  const config = registryConfig(files.images, port)
  const running = runningProcess(files.pid)
  if (running !== undefined) {
    if (readFileIfPresent(files.config) === config && (await isAnswering(port))) return 'running'
    await stopProcess(running, 5000)
  }
  if (await isAnswering(port)) {
    throw new Error(`Port ${port} on 127.0.0.1 is in use by another program: choose another one for the image registry`)
  }
  writePrivateFile(files.config, config)
  await startDetached({ program: 'docker-registry', parameters: ['serve', files.config], logFile: files.log, pidFile: files.pid })
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!(await isAnswering(port))) {
    signal.throwIfAborted()
    if (runningProcess(files.pid) === undefined || performance.now() > deadline) {
      throw new Error(`The image registry did not start on 127.0.0.1:${port}; its log is ${files.log}`)
    }
    await delay(20)
  }
  return 'started'
}

export async function stopRegistry(directory: string): Promise<void> {
  const { pid } = registryFiles(directory)
  const running = runningProcess(pid)
  if (running !== undefined) await stopProcess(running, 5000)
  removePidFile(pid)
}

function registryFiles(directory: string) {
  return {
    config: join(directory, 'config.yml'),
    images: join(directory, 'images'),
    log: join(directory, 'registry.log'),
    pid: join(directory, 'registry.pid'),
  }
}

/** JSON is YAML too, and quotes paths safely. */
function registryConfig(images: string, port: number): string {
  return `${JSON.stringify({
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: images }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
  }, undefined, 2)}\n`
}

function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port, path: '/v2/', timeout: 2000, agent: false }, (response) => {
      response.resume()
      resolve(true)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(false))
  })
}
