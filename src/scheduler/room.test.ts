import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Pod } from '../resources/generated/types.ts'
import { decide, type Decision } from './decide.ts'
import { NodeTable } from './node-table.ts'
import { PodShapes } from './pod-shape.ts'
import { node, pod } from './scheduling.testing.ts'

const NODES = 6

type Step =
  | { readonly do: 'schedule'; readonly requests: Record<string, string>; readonly zone: string }
  | { readonly do: 'node'; readonly at: number; readonly cpu: string; readonly zone: string }
  | { readonly do: 'drop node'; readonly at: number }
  | { readonly do: 'pod goes'; readonly at: number }
  | { readonly do: 'much happens' }

const zone = fc.constantFrom('', 'a', 'b')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('schedule' as const), requests: fc.constantFrom({}, { cpu: '1' }, { cpu: '500m', memory: '3Gi' }, { gpu: '1' }), zone }) },
  fc.record({ do: fc.constant('node' as const), at: fc.nat(NODES - 1), cpu: fc.constantFrom('2', '4', '0'), zone }),
  fc.record({ do: fc.constant('drop node' as const), at: fc.nat(NODES - 1) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pod goes' as const), at: fc.nat(30) }) },
  fc.constant({ do: 'much happens' as const }),
)

test('a decision with what is kept of earlier ones is the same as without', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const table = new NodeTable()
    const kept = new PodShapes()
    for (let index = 0; index < NODES; index += 1) table.setNode(node(`n${index}`, {}, {}, { pods: '3' }))
    steps.forEach((each, index) => take(each, table, kept, `p${index}`))
  }), { numRuns: 60 })
})

function take(each: Step, table: NodeTable, kept: PodShapes, name: string): void {
  if (each.do === 'node') return table.setNode(node(`n${each.at}`, each.zone === '' ? {} : { zone: each.zone }, {}, { cpu: each.cpu, pods: '3', gpu: '1' }))
  if (each.do === 'drop node') return table.removeNode(`n${each.at}`)
  if (each.do === 'pod goes') return table.removePod(`p${each.at}`)
  if (each.do === 'much happens') return forgetChanges(table)
  const candidate: Pod = pod(name, each.requests, each.zone === '' ? {} : { nodeSelector: { zone: each.zone } })
  const decision = decide(candidate, table, kept)
  assert.deepEqual(written(decision), written(decide(candidate, table, new PodShapes())))
  if (decision.outcome === 'assigned') table.place(candidate, decision.nodeName)
}

/** More changes than the table remembers. */
function forgetChanges(table: NodeTable): void {
  for (let count = 0; count <= table.rememberedChanges; count += 2) {
    table.place(pod('passing'), 'n0')
    table.removePod('passing')
  }
}

function written(decision: Decision): unknown {
  return { ...decision, rejected: [...decision.rejected] }
}
