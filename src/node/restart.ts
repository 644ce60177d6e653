import type { ContainerStatus } from '../resources/generated/types.ts'
import type { ContainerView, PodView } from './pod-view.ts'

/** Whether a container that is not running should run (again). */
export function shouldStart(view: PodView, container: ContainerView): boolean {
  const { latest, role } = container
  if (role === 'ephemeral') return latest === undefined && knownEnd(view, container) === undefined
  if (role === 'sidecar') return true
  const exitCode = latest === undefined ? knownEnd(view, container) : latest.state === 'exited' ? latest.exitCode : undefined
  if (exitCode === undefined) return true
  if (role === 'init') return exitCode === 0 ? !isPast(view, container) : view.restartPolicy !== 'Never'
  return view.restartPolicy === 'Always' || (view.restartPolicy === 'OnFailure' && exitCode !== 0)
}

/** An init container that succeeded runs again only in a new sandbox, and only until the regular containers are there. */
function isPast(view: PodView, container: ContainerView): boolean {
  return container.current || view.containers.some(({ role, current }) => role === 'regular' && current)
}

/** It has ended, and its end is final. */
export function isFinished(view: PodView, container: ContainerView): boolean {
  if (container.operation !== undefined || container.running) return false
  return !shouldStart(view, container) && exitCodeOf(view, container) !== undefined
}

/** How the newest run of a container ended, also when the runtime has forgotten it; undefined while it runs or never ran. */
export function exitCodeOf(view: PodView, container: ContainerView): number | undefined {
  if (container.latest === undefined) return knownEnd(view, container)
  return container.latest.state === 'exited' ? container.latest.exitCode : undefined
}

/** The container is gone from the runtime, but its end was told to the API. */
function knownEnd(view: PodView, container: ContainerView): number | undefined {
  return knownStatus(view, container)?.state?.terminated?.exitCode
}

/** What was last said of a container. */
export function knownStatus(view: PodView, container: ContainerView): ContainerStatus | undefined {
  return statusNamed(view.memory.status, container.name) ?? statusNamed(view.pod.status, container.name)
}

type Statuses = 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses'

function statusNamed(status: { readonly [key in Statuses]?: ContainerStatus[] } | undefined, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {}
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find((one) => one.name === name)
}

/** The number of restarts that the next container will have behind it. */
export function nextAttempt(view: PodView, container: ContainerView): number {
  if (container.latest !== undefined) return container.latest.attempt + 1
  const known = knownStatus(view, container)
  if (known === undefined) return 0
  const ran = (known.containerID ?? '') !== '' || known.lastState?.terminated !== undefined
  return ran ? known.restartCount + 1 : known.restartCount
}
