/**
 * Transcripts: what a user types and what is printed, as one text that is checked whole.
 *
 *   $ kubectl create configmap a --from-literal=color=red
 *   configmap/a created
 *   $ kubectl get configmap b
 *   ! Error from server (NotFound): configmaps "b" not found
 *   [1]
 *
 * "$ " starts a shell command and "> " goes on with it (here documents). Then come the lines of stdout, those of stderr after "! ", and the exit
 * code in brackets when it is not 0. "$~ " repeats the command until it prints what is expected, for things that take a moment. Empty lines and
 * lines with "#" between commands are for readers. What differs from run to run (ages, uids, times, random suffixes) is masked on both sides.
 * With LOTSE_WRITE_TRANSCRIPTS=1 the files are written anew with what was printed: read the difference before you keep it.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Shell {
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
}

interface Step {
  /** Comments and empty lines before the command. */
  readonly preamble: readonly string[]
  readonly command: readonly string[]
  readonly repeats: boolean
  readonly expected: readonly string[]
}

const COMMAND_TIMEOUT_MS = 60_000
const REPEAT_TIMEOUT_MS = 45_000
const REPEAT_INTERVAL_MS = 150

/** Runs the commands of a file in order and compares; a difference is shown with all commands up to it. */
export async function runTranscript(file: string, shell: Shell): Promise<void> {
  const done: string[] = []
  const text = readFileSync(file, 'utf8')
  const { steps, ending } = parse(text)
  const write = process.env.LOTSE_WRITE_TRANSCRIPTS === '1'
  for (const step of steps) {
    const actual = await perform(step, shell)
    done.push(...step.preamble, ...step.command, ...actual)
    if (write || sameLines(actual, step.expected)) continue
    assert.deepEqual([...step.command, ...actual], [...step.command, ...step.expected], `${file}: another output than expected`)
  }
  if (write) writeFileSync(file, [...done, ...ending].join('\n'))
}

function parse(text: string): { steps: Step[]; ending: string[] } {
  const steps: { preamble: string[]; command: string[]; repeats: boolean; expected: string[] }[] = []
  let between: string[] = []
  for (const line of text.split('\n')) {
    const last = steps.at(-1)
    if (line.startsWith('$ ') || line.startsWith('$~ ')) {
      steps.push({ preamble: between, command: [line], repeats: line.startsWith('$~'), expected: [] })
      between = []
    } else if (line.startsWith('> ') && last !== undefined && last.expected.length === 0) last.command.push(line)
    else if (line === '' || line.startsWith('# ')) between.push(line)
    else {
      // An empty line within an output is written as "|" to tell it from one between commands.
      assert.ok(last !== undefined && between.length === 0, `this line belongs to no command: ${line}`)
      last.expected.push(line)
    }
  }
  return { steps, ending: between }
}

async function perform(step: Step, shell: Shell): Promise<string[]> {
  const deadline = Date.now() + (step.repeats ? REPEAT_TIMEOUT_MS : 0)
  for (;;) {
    const actual = await runOnce(step.command, shell)
    if (sameLines(actual, step.expected) || Date.now() >= deadline) return actual
    if (step.expected.length === 0) return actual
    await sleep(REPEAT_INTERVAL_MS)
  }
}

async function runOnce(command: readonly string[], shell: Shell): Promise<string[]> {
  const script = command.map((line) => line.replace(/^(\$~?|>) /, '')).join('\n')
  const child = spawn('bash', ['-c', script], { cwd: shell.directory, env: shell.environment, stdio: ['ignore', 'pipe', 'pipe'], timeout: COMMAND_TIMEOUT_MS })
  const outputs = [child.stdout, child.stderr].map(async (stream) => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  })
  const [code, stdout, stderr] = await Promise.all([new Promise<number | string>((resolve) => child.on('exit', (status, signal) => resolve(status ?? signal ?? ''))), ...outputs])
  return [...outputLines(stdout ?? '', ''), ...outputLines(stderr ?? '', '! '), ...(code === 0 ? [] : [`[${code}]`])]
}

function outputLines(text: string, prefix: string): string[] {
  if (text === '') return []
  const lines = mask(text).replace(/\n$/, '').split('\n')
  return lines.map((line) => `${prefix}${line}`.trimEnd()).map((line) => (line === '' ? '|' : /^(\$|>|#|\|)/.test(line) ? `|${line}` : line))
}

function sameLines(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((line, index) => line === right[index])
}

const SUFFIX = '[bcdfghjklmnpqrstvwxz2456789]'
const AGE = String.raw`(\d+d)?(\d+h)?(\d+m)?(\d+s)?`
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<time>'],
  [/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/(resourceVersion"?: ?)"\d+"/g, '$1"<revision>"'],
  [/(Resource Version: +)\d+/g, '$1<revision>'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC/g, '<time>'],
  // kubectl's own log: E1123 12:21:03.317255    9207 memcache.go:265]
  [/\b([EIW])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ (?=\w+\.go:)/g, '$1 '],
  [/https:\/\/127\.0\.0\.1:\d+/g, 'https://127.0.0.1:<port>'],
  [/(range of valid ports is )\d+-\d+/g, '$1<first>-<last>'],
  [/(?<= 80:)\d+(?=\/TCP)/g, '<port>'],
  [/\b10\.(9[6-9]|1\d\d|2[0-4]\d)\.\d+\.\d+\b/g, '<ip>'],
  [/(containerd:\/\/|sha256:|SHA256=|exec ")[0-9a-f]{64}/g, '$1<id>'],
  [/(pod-template-hash"?[=:] ?"?)[0-9a-z]+/g, '$1<hash>'],
  [new RegExp(`(?<=-)${SUFFIX}{8,10}-${SUFFIX}{5}\\b`, 'g'), '<hash>-<id>'],
  [new RegExp(`(?<=[a-z]-)(?=[a-z]*\\d)${SUFFIX}{8,10}\\b`, 'g'), '<hash>'],
  [new RegExp(`(?<=kube-api-access-)${SUFFIX}{5}\\b`, 'g'), '<id>'],
  [new RegExp(`(?<=^|\\s|\\()(?=\\d)${AGE}(?= ago\\)| {2}|\\s*$| \\(x\\d+ over)`, 'gm'), '<age>'],
  [new RegExp(`(<age>) \\(x\\d+ over (?=\\d)${AGE}\\)`, 'g'), '$1'],
  // What was masked had lengths of its own, and so the columns had theirs.
  [/(?<=\S) {2,}/g, '  '],
]

/** Worked example: "web-7c5ddbdf54-x2k4z   1/1     Running   0   12s" becomes "web-<hash>-<id>  1/1  Running  0  <age>". */
function mask(text: string): string {
  return MASKS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text)
}
