import { removeLeases } from './cni.ts'
import type { PodNetwork } from './cni.ts'
import { runCommand } from './run-command.ts'

/**
 * Removes what a network left on the host after its pods are gone: interfaces whose routes lead to its pods, address
 * leases, and the port mapping rules that carry its name.
 */
export async function removePodNetwork(network: PodNetwork): Promise<void> {
  for (const cidr of network.podCidrs) await removeInterfaces(cidr)
  removeLeases(network)
  for (const family of ['iptables', 'ip6tables']) await removePortMappings(family, network.name)
  for (const family of ['ip', 'ip6']) await removeEmptyNatTable(family)
}

/** iptables made the table for the port mappings; without rules it does nothing, and iptables makes it again when it needs it. */
async function removeEmptyNatTable(family: string): Promise<void> {
  const listed = await runCommand('nft', ['--json', 'list', 'table', family, 'nat'])
  if (listed.exitCode !== 0 || hasRules(listed.stdout)) return
  await runCommand('nft', ['delete', 'table', family, 'nat'])
}

/** Exported for its test: whether there is anything but the table and chains in what nft printed. */
export function hasRules(listing: string): boolean {
  const { nftables } = JSON.parse(listing) as { nftables: readonly object[] }
  return nftables.some((entry) => !['metainfo', 'table', 'chain'].includes(Object.keys(entry)[0] ?? ''))
}

/** A ptp interface's host end has a route to its pod's one address. */
async function removeInterfaces(cidr: string): Promise<void> {
  const family = cidr.includes(':') ? '-6' : '-4'
  const routes = await runCommand('ip', [family, '-o', 'route', 'show', 'root', cidr])
  if (routes.exitCode !== 0) return
  const names = new Set(Array.from(routes.stdout.matchAll(/ dev (veth[0-9a-f]+) /g), (match) => match[1] ?? ''))
  for (const name of names) await runCommand('ip', ['link', 'delete', name])
}

/** Exported for its test: the commands that remove a network's rules from what iptables-save printed. */
export function portMappingRemovals(saved: string, networkName: string): string[][] {
  const rules = saved.split('\n').filter((line) => line.startsWith('-A '))
  const mine = rules.filter((rule) => rule.startsWith('-A CNI-HOSTPORT-DNAT ') && rule.includes(`dnat name: \\"${networkName}\\" `))
  const removals: string[][] = []
  for (const rule of mine) {
    const chain = / -j (CNI-DN-[0-9a-z]+)/.exec(rule)?.[1]
    removals.push(['-D', ...splitRule(rule).slice(1)])
    if (chain !== undefined) removals.push(['-F', chain], ['-X', chain])
  }
  const others = rules.filter((rule) => rule.startsWith('-A CNI-HOSTPORT-DNAT ')).length - mine.length
  if (others > 0) return removals
  // Nobody's port mappings are left: the chains that the plug-in made for all of them go too.
  const shared = ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-SETMARK', 'CNI-HOSTPORT-MASQ'].filter((chain) => saved.includes(`:${chain} `))
  for (const rule of rules) {
    const target = / -j (\S+)/.exec(rule)?.[1] ?? ''
    if (shared.includes(target) && !rule.startsWith('-A CNI-')) removals.push(['-D', ...splitRule(rule).slice(1)])
  }
  for (const chain of shared) removals.push(['-F', chain])
  for (const chain of shared) removals.push(['-X', chain])
  return removals
}

async function removePortMappings(program: string, networkName: string): Promise<void> {
  const saved = await runCommand(`${program}-save`, ['-t', 'nat']).catch(() => undefined)
  if (saved === undefined || saved.exitCode !== 0) return
  for (const removal of portMappingRemovals(saved.stdout, networkName)) await runCommand(program, ['-w', '-t', 'nat', ...removal])
}

/** Words of a saved rule; quoted ones may hold spaces and escaped quotes. */
function splitRule(rule: string): string[] {
  return Array.from(rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g), (match) => match[1]?.replace(/\\(.)/g, '$1') ?? match[2] ?? '')
}
