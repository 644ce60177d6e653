import { writeFileSync } from 'node:fs'
import type { RuleApplier } from '../../network/service-proxy.ts'
import { mustRun, runCommand } from '../run-command.ts'

const TIMEOUT_MS = 60_000

/** Applies scripts with nft(8), one at a time: each is one transaction in the kernel. */
export function createRuleApplier(): RuleApplier {
  let last: Promise<unknown> = Promise.resolve()
  return {
    apply(script) {
      const next = last.then(() => runNft(script))
      last = next.catch(() => undefined)
      return next
    },
    async forgetUdpFlows(addresses) {
      for (const address of addresses) {
        // It fails when there is no such flow, and that is all it can tell us.
        await runCommand('conntrack', ['-D', '-p', 'udp', '--dst-nat', address], { timeoutMs: TIMEOUT_MS }).catch(() => undefined)
      }
    },
  }
}

async function runNft(script: string): Promise<void> {
  await mustRun('nft', ['-f', '-'], { input: script, timeoutMs: TIMEOUT_MS })
}

/**
 * Lets packets from this machine's loopback addresses reach pods (a node port on 127.0.0.1), and pods the node's DNS. The table's first
 * chain drops what comes from elsewhere with such a target.
 */
export function allowLoopbackNodePorts(): void {
  writeFileSync('/proc/sys/net/ipv4/conf/all/route_localnet', '1')
}
