import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface SourceFile {
  /** Relative to the project's root: src/store/memory.ts. */
  readonly path: string
  readonly room: string
  readonly text: string
  readonly lines: readonly string[]
  readonly isTest: boolean
  readonly isGenerated: boolean
}

const ROOT = join(import.meta.dirname, '../..')

export function sourceFiles(pattern = 'src/**/*.ts'): SourceFile[] {
  return globSync(pattern, { cwd: ROOT }).filter((path) => statSync(join(ROOT, path)).isFile()).sort().map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    return {
      path,
      room: path.split('/')[1] ?? '',
      text,
      lines: text.split('\n'),
      isTest: /\.(test|testing)\.ts$/.test(path),
      isGenerated: path.includes('/generated/'),
    }
  })
}

const IMPORT = /^\s*(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm

/** What a file imports, as written. */
export function importsOf(file: SourceFile): string[] {
  return [...file.text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}
