import { kinds } from '../../resources/generated/kinds.ts'
import type { Eviction } from '../../resources/generated/types.ts'
import { badRequest, notFound } from '../../words/status-error.ts'
import type { DeleteOptions } from '../../client/client.ts'
import type { ObjectRoute } from '../route.ts'
import { bodyOf } from './body.ts'

/** pods/eviction: a delete that disruption budgets may hold back. */
export const evictionRoute: ObjectRoute = {
  type: 'object', group: '', resource: kinds.Pod.plural, subresource: 'eviction', verbs: ['create'],
  body: { group: 'policy', version: 'v1', kind: 'Eviction', schema: 'policy.v1.Eviction' },
  async handle(call) {
    const eviction = bodyOf<Eviction>(call)
    const name = eviction.metadata?.name
    if (name !== undefined && name !== '' && name !== call.key.name) throw badRequest('name in URL does not match name in Eviction object')
    if (call.reader.get(kinds.Pod, call.key) === undefined) throw notFound({ group: '', resource: kinds.Pod.plural }, call.key.name)
    await call.writer.delete(kinds.Pod, call.key, deleteOptions(eviction, call.dryRun))
    return { status: 201, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } }
  },
}

const NO_OPTIONS: NonNullable<Eviction['deleteOptions']> = { apiVersion: 'v1', kind: 'DeleteOptions' }

function deleteOptions(eviction: Eviction, dryRun: boolean): DeleteOptions {
  const { gracePeriodSeconds, preconditions, dryRun: asked = [] } = eviction.deleteOptions ?? NO_OPTIONS
  return {
    dryRun: dryRun || asked.includes('All'),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(preconditions?.uid === undefined ? {} : { uid: preconditions.uid }),
    ...(preconditions?.resourceVersion === undefined ? {} : { resourceVersion: preconditions.resourceVersion }),
  }
}
