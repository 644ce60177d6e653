import type { Pod } from '../../resources/generated/types.ts'
import { badRequest } from '../../words/status-error.ts'

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

/** The container that the caller means: the one that is named, or the pod's default, or its only one. */
export function chooseContainer(pod: Pod, asked: string): string {
  const groups = [pod.spec?.containers ?? [], pod.spec?.initContainers ?? [], pod.spec?.ephemeralContainers ?? []]
  const [regular = [], init = [], ephemeral = []] = groups.map((containers) => containers.map((container) => container.name))
  const all = [...regular, ...init, ...ephemeral]
  const podName = pod.metadata.name ?? ''
  if (asked !== '') {
    if (all.includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${podName}`)
  }
  const preferred = pod.metadata.annotations?.[DEFAULT_CONTAINER]
  if (preferred !== undefined && all.includes(preferred)) return preferred
  const [only] = regular
  if (only !== undefined && regular.length === 1) return only
  if (only === undefined) throw badRequest(`pod ${podName} does not have a container`)
  const initPart = init.length === 0 ? '' : ` or one of the init containers: [${init.join(' ')}]`
  const ephemeralPart = ephemeral.length === 0 ? '' : ` or one of the ephemeral containers: [${ephemeral.join(' ')}]`
  throw badRequest(
    `a container name must be specified for pod ${podName}, choose one of: [${regular.join(' ')}]${initPart}${ephemeralPart}`,
  )
}
