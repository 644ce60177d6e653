import { commandFor, existingCluster, printJson, type Invocation } from '../invocation.ts'
import type { EncryptionStatus, PartStatus } from '../machine.ts'

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
  if (found.encryption !== undefined) invocation.data.write(`encryption: ${encryptionText(found.encryption)}\n`)
  if (rows.length > 1) invocation.data.write(`\n${align(rows)}`)
  if (found.state !== 'running') invocation.errors.write(`Next: ${commandFor(invocation, 'up')}\n`)
}

function encryptionText({ valuesToReseal, valuesResealed }: EncryptionStatus): string {
  if (valuesToReseal === null) return 'it is not known yet how many values are still to be sealed anew'
  if (valuesToReseal === 0) return 'all values are sealed with the first provider'
  return `${valuesToReseal} values are still to be sealed with the first provider, ${valuesResealed} are done`
}

function row(name: string, part: PartStatus): string[] {
  return [name, String(part.pid), part.address, `${Math.round(part.memoryBytes / 1e6)} MB`, part.version]
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)))
  return rows.map((cells) => `${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ').trimEnd()}\n`).join('')
}
