import type { Labels } from '../../objects/label-selector.ts'
import { conflict, isWithin, parseLabels } from '../../policy/node-selector/namespace-selector.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod } from '../../resources/generated/types.ts'
import { internalError } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator, ObjectReader } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'
import { isPodWrite } from './pod-writes.ts'

const ANNOTATION = 'scheduler.alpha.kubernetes.io/node-selector'

export interface PodNodeSelectorOptions {
  /** For namespaces without the annotation: env=production,zone=a */
  readonly clusterDefault: string
  /** By namespace, which labels its pods may ask for; a namespace that is not named may ask for any. */
  readonly allowed: Readonly<Record<string, string>>
}

/** Pods go only to the nodes that their namespace is given. */
export function podNodeSelector(options: PodNodeSelectorOptions): Mutator {
  return {
    name: 'PodNodeSelector',
    matches: (request) => request.operation === 'CREATE' && isPodWrite(request),
    admit(request, reader) {
      const { spec } = request.object as Pod
      if (spec === undefined) return
      const { namespace } = request.key
      const ofNamespace = labelsOf(selectorOf(namespace, reader, options), namespace)
      if (conflict(ofNamespace, spec.nodeSelector ?? {})) {
        throw refusal(request, 'pod node label selector conflicts with its namespace node label selector')
      }
      const selector = { ...ofNamespace, ...spec.nodeSelector }
      if (!isWithin(selector, labelsOf(options.allowed[namespace] ?? '', namespace))) {
        throw refusal(request, 'pod node label selector labels conflict with its namespace whitelist')
      }
      if (Object.keys(selector).length > 0) spec.nodeSelector = selector
    },
  }
}

function selectorOf(namespace: string, reader: ObjectReader, { clusterDefault }: PodNodeSelectorOptions): string {
  return reader.get(kinds.Namespace, { namespace: '', name: namespace })?.metadata.annotations?.[ANNOTATION] ?? clusterDefault
}

function labelsOf(text: string, namespace: string): Labels {
  const labels = parseLabels(text)
  if (labels === undefined) throw internalError(`the node selector of namespace ${namespace} is no list of labels: ${JSON.stringify(text)}`)
  return labels
}

function refusal(request: AdmissionRequest, why: string) {
  return forbiddenRequest(request, why)
}
