import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, Pod } from '../resources/generated/types.ts'
import { testRandom } from '../apiserver/apiserver.testing.ts'
import { FakeProber } from '../simulation/fake-prober.ts'
import { FakeRuntime } from '../simulation/fake-runtime.ts'
import { VirtualClock } from '../simulation/virtual-clock.ts'
import { Limiter } from './limiter.ts'
import type { ProbeSubject } from './probe-worker.ts'
import { ProbeWorker } from './probe-worker.ts'

/** Answers by second since the start: + well, - ill, ? cannot tell; the last one repeats. */
function story(container: Omit<Container, 'name'>, answers: Readonly<Record<number, string>>, adopted?: ProbeSubject['adopted']) {
  const clock = new VirtualClock(0)
  const lines: string[] = []
  const seconds = Object.keys(answers).map(Number)
  let counted = 0
  const prober = new FakeProber(clock, (target) => {
    assert.ok(target.type === 'tcp')
    counted++
    const since = Math.max(...seconds.filter((at) => at * 1000 <= clock.now()))
    const answer = answers[since]?.[['startup', 'liveness', 'readiness'].indexOf(String(['', 'startup', 'liveness', 'readiness'][target.port]))] ?? '+'
    return { outcome: answer === '+' ? 'success' : answer === '-' ? 'failure' : 'unknown', output: 'no' }
  })
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers: [] } }
  const subject: ProbeSubject = { pod, container: { name: 'web', ...container }, containerId: 'c', startedAt: 0, address: '10.0.0.1', adopted }
  const worker = new ProbeWorker(
    { clock, prober, random: testRandom(), runtime: new FakeRuntime({ clock, images: {}, behaviour: () => ({}) }), limiter: new Limiter(4) }, subject,
    {
      verdicts: (_, { startup, liveness, readiness }) => lines.push(`${clock.now() / 1000}s startup ${startup} liveness ${liveness} readiness ${readiness}`),
      unhealthy: (_, message) => lines.push(`${clock.now() / 1000}s ${message}`),
    },
  )
  return { clock, lines, worker, subject, probes: () => counted }
}

const startup = { tcpSocket: { port: 1 }, periodSeconds: 1, failureThreshold: 3 }
const liveness = { tcpSocket: { port: 2 }, periodSeconds: 5, failureThreshold: 2 }
const readiness = { tcpSocket: { port: 3 }, periodSeconds: 2, failureThreshold: 2, successThreshold: 2 }

test('startup comes first, then readiness and liveness with their thresholds', async () => {
  const { clock, lines } = story({ startupProbe: startup, livenessProbe: liveness, readinessProbe: readiness }, { 0: '-++', 2: '+++', 10: '++-', 15: '+-+' })
  await clock.advance(30_000)
  assert.deepEqual(lines, [
    '0s Startup probe failed: no', '1s Startup probe failed: no', '2s startup true liveness undefined readiness undefined',
    '2s startup true liveness true readiness undefined', '4s startup true liveness true readiness true',
    '10s Readiness probe failed: no', '12s Readiness probe failed: no', '12s startup true liveness true readiness false', '14s Readiness probe failed: no',
    '17s Liveness probe failed: no', '18s startup true liveness true readiness true', '22s Liveness probe failed: no', '22s startup true liveness false readiness true',
  ])
})

test('a startup that never succeeds ends after failureThreshold', async () => {
  const { clock, lines, probes } = story({ startupProbe: startup, livenessProbe: liveness }, { 0: '---' })
  await clock.advance(30_000)
  assert.deepEqual(lines.at(-1), '2s startup false liveness undefined readiness undefined')
  assert.equal(probes(), 3)
})

test('a probe that cannot be made counts neither way', async () => {
  const { clock, lines, probes } = story({ livenessProbe: liveness }, { 0: '+?+', 11: '+++' })
  await clock.advance(12_000)
  assert.deepEqual(lines, ['0s Liveness probe errored: no', '5s Liveness probe errored: no', '10s Liveness probe errored: no'])
  assert.equal(probes(), 9)
  await clock.advance(5000)
  assert.equal(lines.at(-1), '15s startup undefined liveness true readiness undefined')
})

test('initialDelaySeconds, adopted containers, deletion, stop', async () => {
  const delayed = story({ readinessProbe: { ...readiness, initialDelaySeconds: 7, successThreshold: 1 } }, { 0: '+++' })
  await delayed.clock.advance(10_000)
  assert.deepEqual(delayed.lines, ['7s startup undefined liveness undefined readiness true'])
  const adopted = story({ startupProbe: startup, readinessProbe: readiness }, { 0: '+++' }, { startup: true, liveness: undefined, readiness: true })
  await adopted.clock.advance(10_000)
  assert.deepEqual(adopted.lines, [])
  const deleted = story({ livenessProbe: liveness, readinessProbe: readiness }, { 0: '+++', 3: '+--' })
  await deleted.clock.advance(3000)
  deleted.worker.update({ ...deleted.subject, pod: { ...deleted.subject.pod, metadata: { deletionTimestamp: 'x' } } })
  await deleted.clock.advance(20_000)
  assert.ok(deleted.lines.every((line) => !line.includes('Liveness')))
  assert.equal(deleted.lines.at(-1)?.includes('Readiness probe failed'), true)
  deleted.worker.stop()
  assert.equal(deleted.clock.pendingTimers, 0)
})
