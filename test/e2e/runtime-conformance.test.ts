import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConformanceRole } from '../../src/node/runtime.conformance.testing.ts'
import { runtimeConformance } from '../../src/node/runtime.conformance.testing.ts'
import { BUSYBOX_IMAGE, containerObstacle, openContainerdBed } from './containerd-bed.testing.ts'

const obstacle = containerObstacle()
const NAME = `lotse-conf-${process.pid}`
const POD_CIDR = `10.224.${process.pid % 250}.0/24`

const scripts: Readonly<Record<ConformanceRole, string>> = {
  sleeper: 'trap "exit 0" TERM; while true; do sleep 0.05; done',
  stubborn: 'trap "" TERM; while true; do sleep 1; done',
  failer: 'exit 3',
  finisher: 'exit 0',
}

if (obstacle === undefined) {
  runtimeConformance('containerd', async () => {
    const stop = new AbortController()
    const bed = await openContainerdBed(NAME, POD_CIDR, stop.signal)
    return {
      runtime: bed.runtime, image: BUSYBOX_IMAGE, missingImage: 'localhost:1/nobody/has:this',
      sandbox: (base) => ({ ...base, logDirectory: join(bed.directory, 'logs', base.name), cgroupParent: `${bed.cgroupPrefix}/pod-${base.podUid}` }),
      container(base, role) {
        const termination = join(bed.directory, `termination-${base.podUid}-${base.name}-${base.attempt}`)
        writeFileSync(termination, '', { mode: 0o666 })
        return { ...base, command: ['/bin/sh', '-c', scripts[role]], mounts: [{ containerPath: '/dev/termination-log', hostPath: termination, readOnly: false, propagation: 'private' }] }
      },
      exec: { hello: ['/bin/echo', 'hello'], five: ['/bin/sh', '-c', 'exit 5'], minute: ['/bin/sleep', '60'] },
      pass: (durationMs) => delay(durationMs),
      async close() {
        stop.abort()
        await bed.close()
      },
    }
  })
} else {
  describe('NodeRuntime: containerd', () => {
    test('all of the suite', { skip: obstacle }, () => undefined)
  })
}
