import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rooms } from '../../architecture.ts'
import { sourceFiles, type SourceFile } from './source-files.ts'

interface Rule {
  readonly name: string
  readonly remedy: string
  applies(file: SourceFile): boolean
  /** Numbers of the lines, from 1, that break the rule. */
  broken(file: SourceFile): number[]
}

function linesMatching(pattern: RegExp): (file: SourceFile) => number[] {
  return (file) => file.lines.flatMap((line, index) => (pattern.test(withoutText(line)) ? [index + 1] : []))
}

/** Strings and comments do not count. */
function withoutText(line: string): string {
  const trimmed = line.trimStart()
  if (trimmed.startsWith('*') || trimmed.startsWith('//') || trimmed.startsWith('/*')) return ''
  return line.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''").replace(/\s\/\/.*$/, '')
}

const pure = (file: SourceFile): boolean => rooms[file.room]?.pure === true && !file.isTest
const written = (file: SourceFile): boolean => !file.isGenerated
const MAX_FILE_LINES = 600
const MAX_FUNCTION_LINES = 60
const MAX_LINE_CHARACTERS = 140

const rules: readonly Rule[] = [
  { name: 'no any', remedy: 'say the type, or unknown and narrow it', applies: written, broken: linesMatching(/[:<(,|]\s*any\b(?!\w)|as any\b/) },
  { name: 'no non-null !', remedy: 'use present() from words/assert.ts, or handle undefined', applies: written, broken: linesMatching(/[\w)\]]!(?:[.;,)\]]|\s*$)/) },
  { name: 'no barrels', remedy: 'import from the file that has it', applies: () => true, broken: linesMatching(/^export \*/) },
  { name: 'no clocks, dice, timers or consoles in pure rooms', remedy: 'take Clock, Random or Log as a parameter', applies: pure, broken: linesMatching(/\bDate\.now\b|new Date\(\)|Math\.random|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bconsole\.|\bperformance\./) },
  { name: 'no mutable module state', remedy: 'put it into the object that lives with it', applies: (file) => !file.isTest, broken: linesMatching(/^(?:export )?(?:let|var) /) },
  { name: 'classes extend only errors', remedy: 'compose instead', applies: written, broken: linesMatching(/class \w+(?:<[^>]*>)? extends (?!Error\b)/) },
  { name: `files up to ${MAX_FILE_LINES} lines`, remedy: 'find the second noun and give it a file', applies: written, broken: (file) => (file.lines.length > MAX_FILE_LINES ? [MAX_FILE_LINES] : []) },
  { name: `functions up to ${MAX_FUNCTION_LINES} lines`, remedy: 'name the parts', applies: (file) => written(file) && !file.isTest, broken: longFunctions },
  {
    name: `lines up to ${MAX_LINE_CHARACTERS} characters`,
    remedy: 'break it after a bracket, or give a part a name; a text that stands alone may be longer, and so may rows of a test',
    applies: (file) => written(file) && !/\.test\.ts$/.test(file.path),
    broken: longLines,
  },
  {
    name: 'node:http only as CommonJS has it', remedy: 'import from src/host/node-http.ts, which says why', applies: (file) => file.path.startsWith('src/') && !file.isTest,
    broken: (file) => file.lines.flatMap((line, index) => (/^import (?!type ).*'node:http'/.test(line) ? [index + 1] : [])),
  },
  { name: 'no cupboards', remedy: 'name the file for what it holds', applies: () => true, broken: (file) => (/\/(utils?|helpers?|common|misc|index)(\/|\.ts$)/.test(file.path) ? [1] : []) },
]

/** By indentation: a function starts where a line at some depth opens it, and ends at the next closing brace of that depth. */
function longFunctions(file: SourceFile): number[] {
  const broken: number[] = []
  file.lines.forEach((line, index) => {
    const start = /^(\s*)(?:export )?(?:default )?(?:async )?(?:function\b|(?:readonly |static )?(?:async |\*)?#?\w+(?:<[^>]*>)?\([^=]*\)(?:: [^=]+)? \{$)/.exec(line)
    if (start === null || /^\s*(if|for|while|switch|catch|return|else)\b/.test(line)) return
    const end = file.lines.findIndex((other, at) => at > index && other.startsWith(`${start[1] ?? ''}}`))
    if (end - index > MAX_FUNCTION_LINES) broken.push(index + 1)
  })
  return broken
}

function longLines(file: SourceFile): number[] {
  const isLong = (line: string): boolean => line.length > MAX_LINE_CHARACTERS && !/^\s*(?:'.*'|".*"|`.*`|\/.*\/)[,)]*$/.test(line)
  return file.lines.flatMap((line, index) => (isLong(line) ? [index + 1] : []))
}

for (const rule of rules) {
  test(rule.name, () => {
    const broken = sourceFiles().filter(rule.applies).flatMap((file) => rule.broken(file).map((line) => `${file.path}:${line}`))
    assert.deepEqual(broken, [], `${rule.name}: ${rule.remedy}`)
  })
}

test('the project speaks of itself alone', () => {
  const files = ['src/**/*.ts', 'tools/**/*.ts', 'test/**/*.ts', 'docs/**/*.md', '*.md', 'src/**/README.md', 'examples/**/*'].flatMap((pattern) => sourceFiles(pattern))
  const word = /registry\.npmjs|deb\.debian\.org/
  assert.deepEqual(files.filter((file) => word.test(file.text) && !file.path.includes('test/tidy/')).map((file) => file.path), [])
})
