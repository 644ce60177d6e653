import { parseJson } from '../../objects/json-text.ts'
import { areAllowed, mergeTolerations } from '../../policy/tolerations/merge.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Namespace, Pod, Toleration } from '../../resources/generated/types.ts'
import { qualityOfService } from '../../resources/kinds/pod/quality-of-service.ts'
import { internalError } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'
import { isPodWrite } from './pod-writes.ts'

const DEFAULTS = 'scheduler.alpha.kubernetes.io/defaultTolerations'
const ALLOWED_ONLY = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist'
const MEMORY_PRESSURE: Toleration = { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }

export interface PodTolerationOptions {
  /** For namespaces without the annotations. An empty list of allowed ones allows all. */
  readonly defaults: readonly Toleration[]
  readonly allowed: readonly Toleration[]
}

/** A namespace says which taints its pods tolerate, and which they may. */
export function podTolerationRestriction(options: PodTolerationOptions): Mutator {
  return {
    name: 'PodTolerationRestriction',
    matches: (request) => isPodWrite(request) && (request.operation === 'CREATE' || request.operation === 'UPDATE'),
    admit(request, reader) {
      const { spec } = request.object as Pod
      if (spec === undefined) return
      const namespace = reader.get(kinds.Namespace, { namespace: '', name: request.key.namespace })
      const added = [
        ...(request.operation === 'CREATE' ? (tolerationsOf(namespace, DEFAULTS) ?? options.defaults) : []),
        ...(qualityOfService(spec) === 'BestEffort' ? [] : [MEMORY_PRESSURE]),
      ]
      if (added.length > 0) spec.tolerations = mergeTolerations(spec.tolerations ?? [], added)
      checkAllowed(request, spec.tolerations ?? [], namespace, options)
    },
  }
}

function checkAllowed(
  request: AdmissionRequest, tolerations: readonly Toleration[], namespace: Namespace | undefined, options: PodTolerationOptions,
): void {
  const own = tolerationsOf(namespace, ALLOWED_ONLY)
  if (areAllowed(tolerations, own ?? options.allowed)) return
  const whose = own === undefined ? 'cluster' : 'namespace'
  const why = `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${whose} whitelist`
  throw forbiddenRequest(request, why)
}

/** A list of tolerations as JSON. */
function tolerationsOf(namespace: Namespace | undefined, annotation: string): readonly Toleration[] | undefined {
  const text = namespace?.metadata.annotations?.[annotation]
  if (text === undefined) return undefined
  if (text === '') return []
  const list = valueOf(text)
  if (Array.isArray(list)) return list as readonly Toleration[]
  throw internalError(`the annotation ${annotation} of namespace ${namespace?.metadata.name} is no list of tolerations`)
}

function valueOf(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
