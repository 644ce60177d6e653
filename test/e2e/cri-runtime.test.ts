import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { cgroupProcesses } from '../../src/host/cgroup.ts'
import { shimsOf } from '../../src/host/containerd/cluster-teardown.ts'
import { ensureContainerd, writeRegistryHost } from '../../src/host/containerd/containerd.ts'
import { superviseContainerd } from '../../src/host/containerd/containerd-supervisor.ts'
import { runningProcess } from '../../src/host/containerd/detached-process.ts'
import { findProgram } from '../../src/host/containerd/runtime-choice.ts'
import { rotateLogs } from '../../src/host/cri/log-rotation.ts'
import { ensureRegistry, stopRegistry } from '../../src/host/image/docker-registry.ts'
import { buildImage, machineArchitecture } from '../../src/host/image/oci-image.ts'
import { hasImage, pushImage } from '../../src/host/image/registry-push.ts'
import { runCommand } from '../../src/host/run-command.ts'
import type { ContainerObservation, RuntimeAction } from '../../src/node/runtime.ts'
import { RuntimeFailure } from '../../src/node/runtime.ts'
import { silentLog } from '../../src/words/ports.ts'
import { BUSYBOX_IMAGE, containerObstacle, openContainerdBed, realClock } from './containerd-bed.testing.ts'
import type { ContainerdBed } from './containerd-bed.testing.ts'
import { containerConfig, plainSecurity, runContainer, runSandbox, sandboxConfig } from './pod-configs.testing.ts'
import { freePort } from './server-bed.testing.ts'

const obstacle = containerObstacle()
const NAME = `lotse-e2e-${process.pid}`
const POD_CIDR = `10.222.${process.pid % 250}.0/24`
const HOST_PORT = 20_000 + (process.pid % 10_000)

describe('containers through CRI', { skip: obstacle ?? false, timeout: 120_000 }, () => {
  const stop = new AbortController()
  const { signal } = stop
  let bed: ContainerdBed

  before(async () => {
    bed = await openContainerdBed(NAME, POD_CIDR, signal)
  })
  after(async () => {
    stop.abort()
    await bed.close()
  })

  const container = async (podUid: string, name: string): Promise<ContainerObservation> => {
    const pod = await bed.runtime.observe(podUid, AbortSignal.timeout(5000))
    const found = pod?.containers.find((one) => one.name === name)
    assert.ok(found, `container ${name} of ${podUid}`)
    return found
  }
  const until = async (podUid: string, name: string, state: ContainerObservation['state']): Promise<ContainerObservation> => {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const now = await container(podUid, name)
      if (now.state === state) return now
      await delay(25)
    }
    assert.fail(`${name} of ${podUid} did not get ${state}`)
  }
  const failureOf = async (action: RuntimeAction): Promise<RuntimeFailure> => {
    const error = await bed.runtime.perform(action, signal).then(() => undefined, (thrown: unknown) => thrown)
    assert.ok(error instanceof RuntimeFailure, `a RuntimeFailure, not ${String(error)}`)
    return error
  }

  test('the runtime says what it is and that it is ready', async () => {
    const info = await bed.runtime.info(signal)
    assert.equal(info.name, 'containerd')
    assert.equal(info.runtimeProblem, undefined)
    assert.equal(info.networkProblem, undefined)
    const image = await bed.runtime.findImage(BUSYBOX_IMAGE, signal)
    assert.ok(image?.names.includes(BUSYBOX_IMAGE))
    assert.equal(await bed.runtime.findImage('lotse.local/none:1', signal), undefined)
  })

  test('two containers share a network, each has its log, limits are in the cgroup', async () => {
    const cgroupLimits = { cpuShares: 512, cpuQuotaMicros: 0, cpuPeriodMicros: 100_000, memoryLimitBytes: 256 * 1024 * 1024 }
    const portMappings = [{ protocol: 'TCP', containerPort: 8080, hostPort: HOST_PORT, hostIp: '' }] as const
    const sandbox = sandboxConfig(bed, 'two', { cgroupLimits, portMappings })
    const sandboxId = await runSandbox(bed, sandbox, signal)
    const serve = 'mkdir /www; echo $GREETING > /www/index.html; echo serving; httpd -f -p 8080 -h /www'
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, serve, { name: 'web' }), signal)
    const asking = await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'trap "exit 0" TERM; while true; do sleep 0.1; done', { name: 'side' }), signal)
    const pod = await bed.runtime.observe('uid-two', signal)
    assert.deepEqual(pod?.sandboxes.map((one) => [one.state, one.attempt, one.addresses.length]), [['ready', 0, 1]])
    assert.deepEqual(pod?.containers.map((one) => [one.name, one.state, one.specHash]).sort(), [['side', 'running', 'hash-1'], ['web', 'running', 'hash-1']])
    const answer = await bed.runtime.exec(asking, ['wget', '-qO-', 'http://127.0.0.1:8080/'], 5000, signal)
    assert.deepEqual(answer, { outcome: 'exited', exitCode: 0, output: 'hello\n' })
    assert.equal(await fetchText(`http://${pod?.sandboxes[0]?.addresses[0] ?? ''}:8080/`), 'hello\n')
    assert.equal(await fetchText(`http://127.0.0.1:${HOST_PORT}/`), 'hello\n')
    assert.match(readFileSync(join(sandbox.logDirectory, 'web/0.log'), 'utf8'), /stdout F serving\n/)
    const resolv = await bed.runtime.exec(asking, ['cat', '/etc/resolv.conf'], 5000, signal)
    assert.match(JSON.stringify(resolv), /nameserver 10\.96\.0\.10/)
    assert.ok(cgroupProcesses(bed.cgroups, sandbox.cgroupParent).length >= 3)
    assert.equal(memoryLimit(bed, sandbox.cgroupParent), cgroupLimits.memoryLimitBytes)
  })

  test('exec: an exit code, a time-out, a program that is not there', async () => {
    const { id } = await container('uid-two', 'side')
    const run = (command: readonly string[], timeoutMs: number) => bed.runtime.exec(id, command, timeoutMs, signal)
    assert.deepEqual(await run(['sh', '-c', 'echo out; echo err >&2; exit 3'], 5000), { outcome: 'exited', exitCode: 3, output: 'out\nerr\n' })
    assert.deepEqual(await run(['sleep', '30'], 1000), { outcome: 'timed-out' })
    assert.equal((await run(['/no/such/program'], 5000)).outcome, 'failed')
    const long = await run(['head', '-c', '100000', '/dev/zero'], 5000)
    assert.equal(long.outcome === 'exited' ? long.output.length : 0, 16 * 1024)
  })

  test('an end is told with its code, its message and the pod', async () => {
    const told: string[] = []
    bed.runtime.events((podUid) => told.push(podUid), signal)
    for (let attempt = 0; attempt < 100 && told.length === 0; attempt += 1) await delay(20)
    assert.deepEqual(told, [''], 'first: look at all')
    const sandbox = sandboxConfig(bed, 'ends')
    const sandboxId = await runSandbox(bed, sandbox, signal)
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'echo last words > /dev/termination-log; exit 4', { name: 'speaks' }), signal)
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'echo from the log; exit 5', { name: 'logs' }), signal)
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'exit 0', { name: 'good' }), signal)
    for (let attempt = 0; attempt < 100 && told.length < 4; attempt += 1) await delay(20)
    assert.deepEqual(told.slice(1), ['uid-ends', 'uid-ends', 'uid-ends'])
    const seen = async (name: string) => {
      const { state, exitCode, reason, message } = await container('uid-ends', name)
      return [state, exitCode, reason, message]
    }
    assert.deepEqual(await seen('speaks'), ['exited', 4, 'Error', 'last words\n'])
    assert.deepEqual(await seen('logs'), ['exited', 5, 'Error', 'from the log\n'])
    assert.deepEqual(await seen('good'), ['exited', 0, 'Completed', ''])
  })

  // The container lives for a moment first: runc's shim begins to watch for it once the start has returned.
  test('too much memory is OOMKilled', async () => {
    const sandbox = sandboxConfig(bed, 'greedy')
    const sandboxId = await runSandbox(bed, sandbox, signal)
    const resources = { cpuShares: 2, cpuQuotaMicros: 0, cpuPeriodMicros: 100_000, memoryLimitBytes: 16 * 1024 * 1024, oomScoreAdjustment: 1000 }
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'sleep 1; head -c 200000000 /dev/zero | tail', { resources }), signal)
    await until('uid-greedy', 'main', 'exited')
    const seen = async () => {
      const { exitCode, reason } = await container('uid-greedy', 'main')
      return `${exitCode} ${reason}`
    }
    // The reason may be written after the end.
    for (let tries = 0; tries < 100 && await seen() !== '137 OOMKilled'; tries++) await delay(100)
    assert.equal(await seen(), '137 OOMKilled')
  })

  test('failures have the reasons that users know', async () => {
    const pull = (image: string) => failureOf({ type: 'pull-image', image, credentials: [] })
    assert.equal((await pull('Not A Name')).reason, 'InvalidImageName')
    assert.equal((await pull('127.0.0.1:1/none:1')).reason, 'ErrImagePull')
    const sandbox = sandboxConfig(bed, 'ends')
    const sandboxId = (await bed.runtime.observe('uid-ends', signal))?.sandboxes[0]?.id ?? ''
    const noProgram = containerConfig(bed, sandbox, sandboxId, '', { name: 'bad', command: ['/no/such'] })
    assert.equal((await failureOf({ type: 'start-container', container: noProgram })).reason, 'RunContainerError')
    const failed = await container('uid-ends', 'bad')
    assert.deepEqual([failed.state, failed.exitCode, failed.reason], ['exited', 128, 'StartError'])
    const noImage = containerConfig(bed, sandbox, sandboxId, '', { name: 'worse', image: 'lotse.local/none:1' })
    assert.equal((await failureOf({ type: 'start-container', container: noImage })).reason, 'CreateContainerError')
  })

  test('an image comes from a registry on loopback', { skip: findProgram('docker-registry') === undefined ? 'docker-registry is not installed' : false }, async () => {
    const directory = join(bed.directory, 'registry')
    // Any fixed one may be the local end of somebody's connection.
    const port = await freePort()
    const host = `127.0.0.1:${port}`
    const build = (text: string) => buildImage(machineArchitecture(), { command: ['/x'], user: '1000' }, [
      [{ type: 'file', path: 'x', mode: 0o755, content: Buffer.from(text) }],
    ])
    const image = build('first')
    assert.equal(image.manifest.digest, build('first').manifest.digest, 'the same input, the same digest')
    try {
      assert.equal(await ensureRegistry({ directory, port }, signal), 'started')
      assert.equal(await ensureRegistry({ directory, port }, signal), 'running')
      const target = { host, repository: 'test/x', tag: '1' }
      assert.equal(await hasImage(image, target, signal), false)
      assert.equal(await pushImage(image, target, signal), image.manifest.digest)
      assert.equal(await hasImage(image, target, signal), true)
      writeRegistryHost(bed.paths, { host, plainHttp: true })
      const pull: RuntimeAction = { type: 'pull-image', image: `${host}/test/x:1`, credentials: [] }
      const imageId = `${host}/test/x@${image.manifest.digest}`
      assert.deepEqual(await bed.runtime.perform(pull, signal), { type: 'image', imageId, alreadyPresent: false })
      assert.deepEqual(await bed.runtime.perform(pull, signal), { type: 'image', imageId, alreadyPresent: true })
      assert.equal((await bed.runtime.findImage(imageId, signal))?.user, 1000)
    } finally {
      await stopRegistry(directory)
    }
  })

  test('containerd is killed: containers run on and are adopted, an end meanwhile is seen', async () => {
    const told: string[] = []
    bed.runtime.events((podUid) => told.push(podUid), signal)
    const sandbox = sandboxConfig(bed, 'survives')
    const sandboxId = await runSandbox(bed, sandbox, signal)
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'while true; do echo tick; sleep 0.05; done', { name: 'stays' }), signal)
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'sleep 0.6; exit 9', { name: 'goes' }), signal)
    const stays = await container('uid-survives', 'stays')
    const killed = runningProcess(bed.paths.pidFile)
    assert.ok(killed)
    process.kill(killed.pid, 'SIGKILL')
    await delay(900)
    told.length = 0
    const again = await ensureContainerd(bed.settings, signal)
    assert.equal(again.adopted, false)
    assert.notEqual(again.identity.pid, killed.pid)
    assert.deepEqual(await container('uid-survives', 'stays'), stays, 'the same container, not restarted')
    assert.deepEqual((await until('uid-survives', 'goes', 'exited')).exitCode, 9)
    assert.equal((await bed.runtime.exec(stays.id, ['true'], 5000, signal)).outcome, 'exited')
    for (let attempt = 0; attempt < 300 && !told.includes(''); attempt += 1) await delay(20)
    assert.ok(told.includes(''), 'look at all again')
    assert.equal((await ensureContainerd(bed.settings, signal)).adopted, true)
  })

  test('security settings and host namespaces arrive', async () => {
    const security = {
      ...plainSecurity,
      runAsUser: 1000,
      runAsGroup: 2000,
      supplementalGroups: [3000],
      readOnlyRootFilesystem: true,
      noNewPrivileges: true,
      dropCapabilities: ['ALL'],
    }
    const sandbox = sandboxConfig(bed, 'guarded', { hostname: 'guarded-host' })
    const sandboxId = await runSandbox(bed, sandbox, signal)
    const run = async (id: string, script: string): Promise<string> => {
      const outcome = await bed.runtime.exec(id, ['sh', '-c', script], 5000, signal)
      return outcome.outcome === 'exited' ? outcome.output.trim() : outcome.outcome
    }
    const guarded = await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'sleep 100', { security }), signal)
    assert.equal(await run(guarded, 'id -u; id -g; id -G; cat /etc/hostname'), '1000\n2000\n2000 3000\nguarded-host')
    assert.match(await run(guarded, 'echo x > /x'), /Read-only file system/)
    const status = 'while read key value; do case $key in CapEff:|NoNewPrivs:|Seccomp:) echo $key $value;; esac; done < /proc/self/status'
    assert.equal(await run(guarded, status), 'CapEff: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2')
    const open = { ...plainSecurity, procMount: 'unmasked', seccomp: { type: 'unconfined' } } as const
    const targeted = containerConfig(bed, sandbox, sandboxId, 'sleep 100', { name: 'debug', security: open, targetContainerId: guarded })
    assert.match(await run(await runContainer(bed, targeted, signal), 'tr "\\0" " " < /proc/1/cmdline'), /sleep 100/)
    // A privileged container needs a sandbox that is.
    const privileged = { ...plainSecurity, privileged: true }
    const host = sandboxConfig(bed, 'hosts', { hostNetwork: true, hostPid: true, security: privileged })
    const hostId = await runSandbox(bed, host, signal)
    const inside = await runContainer(bed, containerConfig(bed, host, hostId, 'sleep 100', { security: privileged }), signal)
    assert.deepEqual((await bed.runtime.observe('uid-hosts', signal))?.sandboxes[0]?.addresses, [])
    assert.doesNotMatch(await run(inside, status), /CapEff: 0000000000000000/)
    assert.match(await run(inside, 'cat /proc/net/route'), /lo|veth|eth/)
    assert.ok((await run(inside, `ls -d /proc/${process.pid}`)).includes(String(process.pid)))
  })

  test('logs are rotated, and the oldest go', async () => {
    const { containers } = await bed.client.listContainers({ filter: { labelSelector: { 'io.kubernetes.pod.uid': 'uid-survives' } } })
    assert.ok(containers.length > 0)
    const rotate = { client: bed.client, clock: realClock, log: silentLog, maxBytes: 100, maxFiles: 3 }
    for (let round = 0; round < 4; round += 1) {
      await delay(300)
      await rotateLogs(rotate, signal)
    }
    await delay(200)
    const files = readdirSync(join(bed.directory, 'logs/survives/stays'))
    assert.equal(files.filter((name) => name.startsWith('0.log')).length, 3, files.join(' '))
    assert.ok(readFileSync(join(bed.directory, 'logs/survives/stays/0.log')).length > 0, 'it goes on in the new file')
  })

  test('stop takes the grace it needs; what is gone already is no error', async () => {
    const { id } = await container('uid-two', 'side')
    const before = performance.now()
    await bed.runtime.perform({ type: 'stop-container', containerId: id, graceSeconds: 20 }, signal)
    assert.ok(performance.now() - before < 5000, 'it heeds SIGTERM')
    assert.deepEqual([(await container('uid-two', 'side')).state, (await container('uid-two', 'side')).exitCode], ['exited', 0])
    await bed.runtime.perform({ type: 'remove-container', containerId: id }, signal)
    await bed.runtime.perform({ type: 'remove-container', containerId: id }, signal)
    await bed.runtime.perform({ type: 'stop-container', containerId: id, graceSeconds: 1 }, signal)
    assert.equal(bed.cgroups.hierarchies.size > 0, true)
  })

  test('removing a pod leaves no cgroup, no port mapping and no container', async () => {
    const pod = await bed.runtime.observe('uid-two', signal)
    for (const sandbox of pod?.sandboxes ?? []) {
      await bed.runtime.perform({ type: 'stop-sandbox', sandboxId: sandbox.id }, signal)
      await bed.runtime.perform({ type: 'remove-sandbox', sandboxId: sandbox.id }, signal)
    }
    assert.equal(await bed.runtime.observe('uid-two', signal), undefined)
    assert.equal(memoryLimit(bed, `${bed.cgroupPrefix}/burstable/pod-two`), undefined)
    assert.equal(await fetchText(`http://127.0.0.1:${HOST_PORT}/`).catch(() => 'refused'), 'refused')
  })

  test('closing leaves nothing on the machine', async () => {
    const left = (await bed.runtime.observeAll(signal)).map((pod) => pod.uid).sort()
    assert.deepEqual(left, ['uid-ends', 'uid-greedy', 'uid-guarded', 'uid-hosts', 'uid-survives'])
    stop.abort()
    await bed.close()
    await assertNothingLeft(bed, NAME, POD_CIDR)
  })
})

test('a dead containerd is restarted; one that is dead at the end leaves nothing either', { skip: obstacle ?? false, timeout: 60_000 }, async () => {
  const stop = new AbortController()
  const name = `${NAME}-dead`
  const podCidr = `10.224.${process.pid % 250}.0/24`
  const bed = await openContainerdBed(name, podCidr, stop.signal)
  try {
    const supervisor = await superviseContainerd({ settings: bed.settings, clock: realClock, log: silentLog }, stop.signal)
    const first = supervisor.identity()
    assert.ok(first)
    process.kill(first.pid, 'SIGKILL')
    for (let attempt = 0; attempt < 200 && (supervisor.identity() ?? first).pid === first.pid; attempt += 1) await delay(25)
    const second = supervisor.identity()
    assert.ok(second !== undefined && second.pid !== first.pid)
    const portMappings = [{ protocol: 'TCP', containerPort: 80, hostPort: HOST_PORT + 1, hostIp: '' }] as const
    const sandbox = sandboxConfig(bed, 'left', { portMappings })
    const sandboxId = await runSandbox(bed, sandbox, stop.signal)
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'sleep 1000'), stop.signal)
    stop.abort()
    process.kill(second.pid, 'SIGKILL')
  } finally {
    stop.abort()
    await bed.close()
  }
  await assertNothingLeft(bed, name, podCidr)
})

async function assertNothingLeft(bed: ContainerdBed, name: string, podCidr: string): Promise<void> {
  assert.deepEqual(shimsOf(bed.paths.socket), [])
  assert.equal(runningProcess(bed.paths.pidFile), undefined)
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(bed.directory), 'mounts')
  for (const root of bed.cgroups.hierarchies.values()) assert.ok(!existsSync(join(root, bed.cgroupPrefix)), `cgroup in ${root}`)
  assert.equal((await runCommand('ip', ['-4', 'route', 'show', 'root', podCidr])).stdout, '')
  const rules = await runCommand('iptables-save', ['-t', 'nat'])
  assert.ok(!rules.stdout.includes(`"${name}\\"`), 'port mapping rules')
  assert.ok(!existsSync(bed.directory))
}

function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false, timeout: 3000 }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8')
      })
      response.on('end', () => resolve(text))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer')))
    asked.on('error', reject)
  })
}

/** Undefined when the cgroup is gone. */
function memoryLimit(bed: ContainerdBed, path: string): number | undefined {
  const file = bed.cgroups.layout === 'v2' ? 'memory.max' : 'memory.limit_in_bytes'
  const root = bed.cgroups.hierarchies.get(bed.cgroups.layout === 'v2' ? '' : 'memory')
  const whole = join(root ?? '', path, file)
  return existsSync(whole) ? Number(readFileSync(whole, 'utf8')) : undefined
}
