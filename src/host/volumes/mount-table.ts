import { readFile } from 'node:fs/promises'
import { mustRun } from '../run-command.ts'

/** Where something is mounted at or below a directory, the deepest first: what must be unmounted before it is removed. */
export async function mountsBelow(directory: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8')
  const points = table.split('\n').flatMap((line) => {
    const point = line.split(' ')[4]
    return point === undefined ? [] : [unescapeMount(point)]
  })
  return points.filter((point) => point === directory || point.startsWith(`${directory}/`)).reverse()
}

/** The kernel writes spaces and the like as octal numbers: \040. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

export async function isMounted(directory: string): Promise<boolean> {
  return (await mountsBelow(directory)).includes(directory)
}

/** Unmounts what is mounted in a directory or on it, the deepest first. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const point of await mountsBelow(directory)) {
    try {
      await mustRun('umount', ['--no-canonicalize', point])
    } catch {
      // Busy: somebody in another namespace holds it. A lazy unmount hides it here, and the kernel lets go of it when they do.
      await mustRun('umount', ['--no-canonicalize', '--lazy', point])
    }
  }
}

export async function mountTmpfs(directory: string, options: readonly string[]): Promise<void> {
  await mustRun('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', directory])
}

export async function bindMount(source: string, target: string): Promise<void> {
  await mustRun('mount', ['--no-canonicalize', '--bind', source, target])
}
