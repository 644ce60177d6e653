import { kinds } from '../../src/resources/generated/kinds.ts'
import type { Pod } from '../../src/resources/generated/types.ts'
import { loadConfig } from '../../src/cli/cluster-config.ts'
import { PAUSE_IMAGE } from '../../src/host/image/pause-image.ts'
import { adminClient } from '../../src/programs/local-client.ts'

/**
 * How long a pod with its image present takes from its creation to Running, one after the other, on a cluster that runs:
 *   sh tools/node.sh tools/bench/pod-start.ts DATA_DIRECTORY
 */
const PODS = 10
const directory = process.argv[2]
const config = directory === undefined ? undefined : loadConfig(directory)
if (config === undefined) {
  process.stderr.write('usage: pod-start.ts DATA_DIRECTORY (of a running cluster with a node)\n')
  process.exit(2)
}
const { client, close } = adminClient(config)

async function untilRunning(name: string): Promise<void> {
  const stop = new AbortController()
  for await (const event of client.watch(kinds.Pod, { namespace: 'default', fieldSelector: `metadata.name=${name}`, sendInitialEvents: true, signal: stop.signal })) {
    if (event.type !== 'bookmark' && event.object.status?.phase === 'Running') break
  }
  stop.abort()
}

const times: number[] = []
for (let index = 0; index < PODS; index += 1) {
  const name = `start-${process.pid}-${index}`
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'pause', image: PAUSE_IMAGE, imagePullPolicy: 'Never' }] } }
  const started = performance.now()
  await client.create(kinds.Pod, pod)
  await untilRunning(name)
  times.push(Math.round(performance.now() - started))
  await client.delete(kinds.Pod, { namespace: 'default', name }, { gracePeriodSeconds: 0 })
}
process.stdout.write(`milliseconds from create to Running: ${times.sort((a, b) => a - b).join(' ')}\n`)
close()
