import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuWeightOfShares, writeCgroup } from './cgroup.ts'

test('v2 weights of v1 shares', () => {
  const check = (shares: number, weight: number): void => assert.equal(cpuWeightOfShares(shares), weight, String(shares))
  check(0, 1)
  check(2, 1)
  check(1024, 39)
  check(262144, 10000)
  check(1e9, 10000)
})

test('paths outside are refused before anything is written', () => {
  const limits = { cpuShares: 2, cpuQuotaMicros: 0, cpuPeriodMicros: 0, memoryLimitBytes: 0 }
  for (const path of ['', '/', 'lotse', '/lotse/../x', '/a b', '/a//b', '/..']) {
    assert.throws(() => writeCgroup({ layout: 'v2', hierarchies: new Map() }, path, limits), /is no cgroup path/, path)
  }
})
