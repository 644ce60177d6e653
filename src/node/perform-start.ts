import { graceSecondsOf } from './pod-view.ts'
import type { Container, Pod } from '../resources/generated/types.ts'
import { present } from '../words/assert.ts'
import { thrownMessage } from '../words/thrown.ts'
import { formatDuration } from './back-off.ts'
import { containerConfig, sandboxConfig } from './container-config.ts'
import { containerMounts } from './container-mounts.ts'
import { environment } from './environment.ts'
import { imageCredentials } from './image-credentials.ts'
import { runHook } from './lifecycle-hooks.ts'
import type { ActionParts, ActionSubject } from './perform-action.ts'
import { containerPath, downwardFacts, referencesOf } from './perform-action.ts'
import type { Outcome } from './pod-memory.ts'
import { podResolver } from './pod-names.ts'
import type { StartContainer } from './pod-plan.ts'
import type { ContainerConfig, ImageObservation } from './runtime.ts'
import { RuntimeFailure } from './runtime.ts'
import { rootProblem } from './security.ts'
import { containerNamed } from './pod-containers.ts'

type Failed = Extract<Outcome, { ok: false }>

/** Image, configuration, creation, start, postStart hook: each step has its own reason when it fails. */
export async function startContainer(
  parts: ActionParts, subject: ActionSubject, action: StartContainer, signal: AbortSignal,
): Promise<Outcome> {
  const { pod } = subject
  const container = present(containerNamed(pod, action.name), `container ${action.name} of the spec`)
  const report = reporter(parts, pod, action.name)
  const image = await ensureImage(parts, subject, container, report, signal)
  if ('ok' in image) return image
  let config: ContainerConfig
  try {
    config = await configure(parts, subject, container, action, image, signal)
  } catch (error) {
    signal.throwIfAborted()
    return report.failed('CreateContainerConfigError', error)
  }
  let containerId: string
  try {
    const result = await parts.starts.run(signal, () => parts.runtime.perform({ type: 'start-container', container: config }, signal))
    containerId = result.type === 'container' ? result.containerId : ''
  } catch (error) {
    signal.throwIfAborted()
    return report.failed(error instanceof RuntimeFailure ? error.reason : 'RunContainerError', error)
  }
  report.event('Normal', 'Created', `Created container: ${action.name}`)
  report.event('Normal', 'Started', `Started container ${action.name}`)
  return runPostStart(parts, subject, container, containerId, report, signal)
}

interface Reporter {
  event(type: 'Normal' | 'Warning', reason: string, message: string): void
  /** Tells of the failure as upstream does, and is the action's outcome. */
  failed(reason: string, error: unknown): Failed
}

function reporter(parts: ActionParts, pod: Pod, name: string): Reporter {
  const fieldPath = containerPath(pod, name)
  const event: Reporter['event'] = (type, reason, message) => parts.events.record(pod, { type, reason, message, fieldPath })
  return {
    event,
    failed(reason, error) {
      const message = thrownMessage(error)
      event('Warning', 'Failed', `Error: ${message}`)
      return { ok: false, reason, message }
    },
  }
}

async function ensureImage(
  parts: ActionParts, subject: ActionSubject, container: Container, report: Reporter, signal: AbortSignal,
): Promise<ImageObservation | Failed> {
  const image = container.image ?? ''
  const quoted = JSON.stringify(image)
  const found = await parts.runtime.findImage(image, signal)
  const policy = container.imagePullPolicy ?? 'IfNotPresent'
  if (found !== undefined && policy !== 'Always') {
    report.event('Normal', 'Pulled', `Container image ${quoted} already present on machine`)
    return found
  }
  if (policy === 'Never') {
    const message = `Container image ${quoted} is not present with pull policy of Never`
    report.event('Warning', 'ErrImageNeverPull', message)
    report.event('Warning', 'Failed', 'Error: ErrImageNeverPull')
    return { ok: false, reason: 'ErrImageNeverPull', message }
  }
  try {
    return await pull(parts, subject, image, report, signal)
  } catch (error) {
    signal.throwIfAborted()
    const message = thrownMessage(error)
    report.event('Warning', 'Failed', `Failed to pull image ${quoted}: ${message}`)
    report.event('Warning', 'Failed', 'Error: ErrImagePull')
    return { ok: false, reason: 'ErrImagePull', message }
  }
}

async function pull(
  parts: ActionParts, { pod }: ActionSubject, image: string, report: Reporter, signal: AbortSignal,
): Promise<ImageObservation> {
  const { clock, runtime } = parts
  const quoted = JSON.stringify(image)
  report.event('Normal', 'Pulling', `Pulling image ${quoted}`)
  await parts.references.whenKnown(pod.metadata.uid ?? '', signal)
  const references = referencesOf(parts, pod)
  const secrets = (pod.spec?.imagePullSecrets ?? []).map(({ name }) => references.secret(name ?? ''))
  const askedAt = clock.now()
  let startedAt = askedAt
  await parts.pulls.run(signal, () => {
    startedAt = clock.now()
    return runtime.perform({ type: 'pull-image', image, credentials: imageCredentials(image, secrets) }, signal)
  })
  const now = clock.now()
  const found = await runtime.findImage(image, signal)
  if (found === undefined) throw new Error('the image was pulled, but the runtime does not know it')
  const took = `${formatDuration(now - startedAt)} (${formatDuration(now - askedAt)} including waiting)`
  report.event('Normal', 'Pulled', `Successfully pulled image ${quoted} in ${took}. Image size: ${found.sizeBytes} bytes.`)
  return found
}

async function configure(
  parts: ActionParts, subject: ActionSubject, container: Container, action: StartContainer, image: ImageObservation, signal: AbortSignal,
): Promise<ContainerConfig> {
  const { pod, actual } = subject
  const { settings, volumes, facts } = parts
  const problem = rootProblem(pod, container, image.user)
  if (problem !== undefined) throw new Error(problem)
  await parts.references.whenKnown(pod.metadata.uid ?? '', signal)
  const downward = downwardFacts(parts, subject)
  const services = await parts.services(pod.metadata.namespace ?? '', signal)
  const variables = environment({ pod, container, references: referencesOf(parts, pod), services, facts: downward })
  const mounts = await containerMounts({
    pod, container, attempt: action.attempt, volumePaths: subject.volumePaths, environment: variables,
    addresses: downward.podAddresses, cluster: settings.cluster, host: volumes,
  })
  const sandbox = actual?.sandboxes.find(({ id }) => id === action.sandboxId)
  const dns = podResolver(pod, settings.cluster, await volumes.hostResolver())
  const target = pod.spec?.ephemeralContainers?.find(({ name }) => name === container.name)?.targetContainerName ?? ''
  return containerConfig({
    pod, container, attempt: action.attempt, sandboxId: action.sandboxId,
    sandbox: sandboxConfig(pod, sandbox?.attempt ?? 0, settings, dns),
    environment: variables, mounts, settings, nodeMemoryBytes: facts.memoryBytes,
    targetContainerId: actual?.containers.find(({ name, state }) => name === target && state === 'running')?.id ?? '',
  })
}

/** A container whose postStart hook fails is stopped; its restart policy says what comes next. */
async function runPostStart(
  parts: ActionParts, { pod, actual }: ActionSubject, container: Container, containerId: string, report: Reporter, signal: AbortSignal,
): Promise<Outcome> {
  const hook = container.lifecycle?.postStart
  if (hook === undefined) return { ok: true }
  const address = pod.spec?.hostNetwork === true ? (parts.facts.addresses[0] ?? '') : (actual?.sandboxes[0]?.addresses[0] ?? '')
  const problem = await runHook(parts, hook, container, containerId, address, POST_START_TIMEOUT_MS, signal)
  signal.throwIfAborted()
  if (problem === undefined) return { ok: true }
  report.event('Warning', 'FailedPostStartHook', 'PostStartHook failed')
  report.event('Normal', 'Killing', 'FailedPostStartHook')
  await parts.runtime.perform({ type: 'stop-container', containerId, graceSeconds: graceSecondsOf(pod) }, signal)
  return { ok: false, reason: 'PostStartHookError', message: problem }
}

/** A hook that never ends would hold the container in its waiting state for ever; whoever deletes the pod ends it sooner. */
const POST_START_TIMEOUT_MS = 24 * 3_600_000
