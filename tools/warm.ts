/** Fills the compile cache with everything that the commands and the cluster's processes load, so that the first start is as quick and small as any other. */
import { flushCompileCache } from 'node:module'

for (const root of ['control-plane', 'node-agent', 'local-machine', 'local-demo']) await import(`../src/programs/${root}.ts`)
await import('../src/cli/program.ts')
flushCompileCache()
process.exit(0)
