import { spawn } from 'node:child_process'

/** What of a command's output is kept; the rest is dropped (the command goes on). */
const OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024

export interface CommandOptions {
  readonly timeoutMs?: number
  readonly environment?: Readonly<Record<string, string>>
  readonly workingDirectory?: string
  readonly signal?: AbortSignal
  /** Written to the command's standard input. */
  readonly input?: Uint8Array | string
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program without a shell. A program that is missing throws; one that fails is a result. */
export function runCommand(program: string, parameters: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      cwd: options.workingDirectory,
      env: { ...process.env, LC_ALL: 'C', ...options.environment },
      signal: options.signal,
      timeout: options.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL',
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const ended = code === null ? `${stderr()}ended by ${signal ?? 'a signal'}` : stderr()
      resolve({ exitCode: code ?? 137, stdout: stdout(), stderr: ended })
    })
    if (options.input !== undefined && child.stdin !== null) {
      // A command may end without reading all of its input; its exit code tells the story then.
      child.stdin.on('error', () => undefined)
      child.stdin.end(options.input)
    }
  })
}

/** The standard output of a command that must succeed. */
export async function mustRun(program: string, parameters: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(program, parameters, options)
  if (result.exitCode === 0) return result.stdout
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-2000)
  throw new Error(`${program} ${parameters.join(' ')} failed with exit code ${result.exitCode}: ${said}`)
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = []
  let kept = 0
  stream?.on('data', (chunk: Buffer) => {
    if (kept < OUTPUT_LIMIT_BYTES) chunks.push(chunk)
    kept += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
