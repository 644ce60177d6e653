import { commandFor, existingCluster, printJson, type Invocation } from '../invocation.ts'
import type { PartStatus } from '../machine.ts'

export async function status(invocation: Invocation): Promise<void> {
  const config = existingCluster(invocation)
  const found = await invocation.machine.status(config)
  if (invocation.json) return printJson(invocation.data, found)
  const rows = [
    ['PART', 'PID', 'ADDRESS', 'MEMORY', 'VERSION'],
    ...(found.server === undefined ? [] : [row('server', found.server)]),
    ...found.nodes.map((node) => row(`node ${node.name}`, node)),
  ]
  invocation.data.write(`${found.name}: ${found.state}\ncontext ${found.context}, data in ${found.dataDirectory}\n`)
  if (rows.length > 1) invocation.data.write(`\n${align(rows)}`)
  if (found.state !== 'running') invocation.errors.write(`Next: ${commandFor(invocation, 'up')}\n`)
}

function row(name: string, part: PartStatus): string[] {
  return [name, String(part.pid), part.address, `${Math.round(part.memoryBytes / 1e6)} MB`, part.version]
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)))
  return rows.map((cells) => `${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ').trimEnd()}\n`).join('')
}
