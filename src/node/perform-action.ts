import type { Client } from '../client/client.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Pod, Service } from '../resources/generated/types.ts'
import { isStatus } from '../words/status-error.ts'
import type { Clock, Log } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { sandboxConfig } from './container-config.ts'
import type { DownwardFacts } from './downward-api.ts'
import type { PodReferences } from './environment.ts'
import type { NodeEvents } from './node-events.ts'
import type { Limiter } from './limiter.ts'
import type { NodeFacts } from './node-facts.ts'
import type { NodeSettings } from './node-settings.ts'
import { podLogDirectory } from './node-settings.ts'
import type { ObjectReferences } from './object-references.ts'
import { startContainer } from './perform-start.ts'
import { stopContainer } from './perform-stop.ts'
import type { Outcome } from './pod-memory.ts'
import { podResolver } from './pod-names.ts'
import type { PodAction } from './pod-plan.ts'
import type { Prober } from './prober.ts'
import type { NodeRuntime, PodObservation } from './runtime.ts'
import { RuntimeFailure } from './runtime.ts'
import type { TokenSource } from './token-source.ts'
import { planVolume } from './volumes/plan-volumes.ts'
import type { VolumeHost } from './volumes/volume-host.ts'

/** What actions are performed with; one for the whole node. */
export interface ActionParts {
  readonly client: Client
  readonly runtime: NodeRuntime
  readonly volumes: VolumeHost
  readonly prober: Prober
  readonly clock: Clock
  readonly log: Log
  readonly settings: NodeSettings
  readonly facts: NodeFacts
  readonly events: NodeEvents
  readonly references: ObjectReferences
  readonly tokens: TokenSource
  /** Services that a pod of this namespace may be told of, once they are known. */
  readonly services: (namespace: string, signal: AbortSignal) => Promise<readonly Service[]>
  readonly pulls: Limiter
  readonly starts: Limiter
}

/** The pod that an action is for, as it is when the action begins. */
export interface ActionSubject {
  readonly pod: Pod
  readonly actual: PodObservation | undefined
  /** Filled by set-up-volumes, read by start-container. */
  readonly volumePaths: Map<string, string>
  /** Resolves when the pod's last status is with the API server. */
  readonly flushStatus: (signal: AbortSignal) => Promise<void>
}

/** Performs one action of a plan, records the events that it causes, and says how it went. It throws only when the signal aborted. */
export async function performAction(parts: ActionParts, subject: ActionSubject, action: PodAction, signal: AbortSignal): Promise<Outcome> {
  try {
    return await perform(parts, subject, action, signal)
  } catch (error) {
    signal.throwIfAborted()
    return failureOf(action, error)
  }
}

function failureOf(action: PodAction, error: unknown): Outcome {
  const message = thrownMessage(error)
  const reason = error instanceof RuntimeFailure ? error.reason : action.type === 'stop-container' ? 'KillContainerError' : 'Failed'
  return { ok: false, reason, message }
}

async function perform(parts: ActionParts, subject: ActionSubject, action: PodAction, signal: AbortSignal): Promise<Outcome> {
  const { runtime, volumes } = parts
  const uid = subject.pod.metadata.uid ?? ''
  switch (action.type) {
    case 'set-up-volumes':
    case 'refresh-volumes':
      return setUpVolumes(parts, subject, signal)
    case 'create-sandbox':
      return createSandbox(parts, subject, action.attempt, signal)
    case 'start-container':
      return startContainer(parts, subject, action, signal)
    case 'stop-container':
      return stopContainer(parts, subject, action, signal)
    case 'remove-container':
    case 'stop-sandbox':
    case 'remove-sandbox':
      await runtime.perform(action, signal)
      return { ok: true }
    case 'tear-down-volumes':
      await volumes.tearDown(uid)
      return { ok: true }
    case 'remove-pod-files': {
      const { namespace = '', name = '' } = subject.pod.metadata
      await volumes.removePod(uid, podLogDirectory(parts.settings, { namespace, name, uid }))
      return { ok: true }
    }
    case 'delete-pod-object':
      await subject.flushStatus(signal)
      await deletePod(parts.client, subject.pod)
      return { ok: true }
  }
}

/** With the uid as a precondition: a new pod of the same name is none of our business. */
async function deletePod(client: Client, pod: Pod): Promise<void> {
  const { namespace = '', name = '', uid = '' } = pod.metadata
  try {
    await client.delete(kinds.Pod, { namespace, name }, { gracePeriodSeconds: 0, uid })
  } catch (error) {
    if (!isStatus(error, 'NotFound') && !isStatus(error, 'Conflict')) throw error
  }
}

async function createSandbox(parts: ActionParts, { pod }: ActionSubject, attempt: number, signal: AbortSignal): Promise<Outcome> {
  try {
    const dns = podResolver(pod, parts.settings.cluster, await parts.volumes.hostResolver())
    const sandbox = sandboxConfig(pod, attempt, parts.settings, dns)
    await parts.starts.run(signal, () => parts.runtime.perform({ type: 'create-sandbox', sandbox }, signal))
    return { ok: true }
  } catch (error) {
    signal.throwIfAborted()
    const message = thrownMessage(error)
    parts.events.record(pod, { type: 'Warning', reason: 'FailedCreatePodSandBox', message: `Failed to create pod sandbox: ${message}` })
    return { ok: false, reason: 'FailedCreatePodSandBox', message }
  }
}

async function setUpVolumes(parts: ActionParts, subject: ActionSubject, signal: AbortSignal): Promise<Outcome> {
  const { pod, volumePaths } = subject
  const uid = pod.metadata.uid ?? ''
  let current = pod.spec?.volumes?.[0]?.name ?? ''
  try {
    await parts.references.whenKnown(uid, signal)
    const refreshAt = await parts.tokens.prepare(pod)
    for (const volume of pod.spec?.volumes ?? []) {
      current = volume.name
      const plan = planVolume(volume, {
        pod, references: referencesOf(parts, pod), facts: downwardFacts(parts, subject),
        token: (projection) => parts.tokens.get(pod, projection),
      })
      volumePaths.set(volume.name, await parts.volumes.setUp(uid, plan))
      signal.throwIfAborted()
    }
    return refreshAt === undefined ? { ok: true } : { ok: true, refreshAt }
  } catch (error) {
    signal.throwIfAborted()
    const message = `MountVolume.SetUp failed for volume ${JSON.stringify(current)} : ${thrownMessage(error)}`
    parts.events.record(pod, { type: 'Warning', reason: 'FailedMount', message })
    return { ok: false, reason: 'FailedMount', message }
  }
}

export function referencesOf({ references }: ActionParts, pod: Pod): PodReferences {
  const namespace = pod.metadata.namespace ?? ''
  return { configMap: (name) => references.configMap(namespace, name), secret: (name) => references.secret(namespace, name) }
}

export function downwardFacts({ facts }: ActionParts, { pod, actual }: ActionSubject): DownwardFacts {
  const addresses = pod.spec?.hostNetwork === true ? facts.addresses : (actual?.sandboxes[0]?.addresses ?? [])
  return { podAddresses: addresses, nodeAddresses: facts.addresses, allocatable: facts.allocatable }
}

/** spec.containers{web}: how events say which container they are about. */
export function containerPath(pod: Pod, name: string): string {
  const named = (containers: readonly { name: string }[] = []): boolean => containers.some((container) => container.name === name)
  if (named(pod.spec?.initContainers)) return `spec.initContainers{${name}}`
  return named(pod.spec?.ephemeralContainers) ? `spec.ephemeralContainers{${name}}` : `spec.containers{${name}}`
}
