import { kinds } from '../../resources/generated/kinds.ts'
import type { Node } from '../../resources/generated/types.ts'
import type { Mutator } from '../access.ts'

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

/** Nothing is scheduled to a node before it has once reported that it is ready; the node life cycle takes the taint away. */
export const taintNewNodes: Mutator = {
  name: 'TaintNodesByCondition',
  matches: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.plural === kinds.Node.plural && kind.group === '' && subresource === '',
  admit(request) {
    const node = request.object as Node
    const taints = node.spec?.taints ?? []
    if (taints.some((taint) => taint.key === NOT_READY.key && taint.effect === NOT_READY.effect)) return
    node.spec = { ...node.spec, taints: [...taints, { ...NOT_READY }] }
  },
}
