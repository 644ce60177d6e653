import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { clusterIn, noContainers } from './cluster.testing.ts'
import { NO_TRACES, traceFinder, type Traces } from './cluster-traces.testing.ts'

const skip = noContainers() ?? false
const PHASES = ['images', 'registry', 'apply', 'ready', 'sign the guestbook', 'kill a web container', 'delete a web pod']

interface DemoResult {
  readonly name: string
  readonly context: string
  readonly url: string
  readonly clusterUrl: string
  readonly seconds: number
  readonly phases: readonly { readonly phase: string; readonly seconds: number; readonly note: string }[]
}

/** cache:1 0123abcd (built before), web:1 4567ef89 -> the digests alone. */
function digests(result: DemoResult): string[] {
  const note = result.phases.find(({ phase }) => phase === 'images')?.note ?? ''
  return [...note.matchAll(/ ([0-9a-f]{12})/g)].map((match) => match[1] ?? '')
}

describe('lotse demo', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-demo-'))
  const cluster = clusterIn(directory, 'e2e-demo')
  let traces: () => Traces = () => NO_TRACES
  let first: DemoResult
  after(() => {
    cluster.lotse('down', '--purge')
    rmSync(directory, { recursive: true, force: true })
  })
  const demoJson = (): DemoResult => {
    const ran = cluster.lotse('demo', '--output', 'json')
    assert.equal(ran.code, 0, ran.stderr)
    return JSON.parse(ran.stdout) as DemoResult
  }

  test('from nothing to a guestbook that survives the death of its parts', async () => {
    first = demoJson()
    traces = traceFinder(cluster.dataDirectory)
    assert.deepEqual([first.name, first.context, first.phases.map(({ phase }) => phase).slice(-PHASES.length)], ['e2e-demo', 'lotse-e2e-demo', PHASES])
    assert.match(first.url, /^http:\/\/[\d.]+:\d+$/)
    for (const url of [first.url, first.clusterUrl]) assert.match(await (await fetch(`${url}/entries`)).text(), /Signed at \d{4}-/)
    assert.equal(digests(first).length, 2)
    assert.equal(cluster.kubectl('get', 'deployments', '-n', 'guestbook', '-o', 'jsonpath={.items[*].status.readyReplicas}'), '1 3')
  })

  test('a second run finds everything in place and says what it does', () => {
    const ran = cluster.lotse('demo')
    assert.equal(ran.code, 0, ran.stderr)
    assert.equal(ran.stdout, '')
    assert.match(ran.stderr, /^The cluster "e2e-demo" runs already\.\n/)
    for (const phase of PHASES) assert.match(ran.stderr, new RegExp(`^✓ +\\d+\\.\\d s {2}${phase}: .+$`, 'm'))
    const note = /images: (.*)/.exec(ran.stderr)?.[1] ?? ''
    assert.equal(note.match(/\(built before\)/g)?.length, 2, note)
    for (const digest of digests(first)) assert.ok(note.includes(digest), note)
    assert.match(ran.stderr, /The guestbook is at http:\S+ \(in all \d+\.\d s\)\. Next:\n\n {2}kubectl get pods -n guestbook -o wide\n.*down --purge/)
    assert.ok(Number(/in all (\d+\.\d) s/.exec(ran.stderr)?.[1]) < 30, ran.stderr)
  })

  test('purge removes it all; built again from scratch the images are the same', () => {
    assert.equal(cluster.lotse('down', '--purge').code, 0)
    assert.deepEqual(traces(), NO_TRACES)
    assert.doesNotMatch(readFileSync(cluster.kubeconfig, 'utf8'), /lotse-e2e-demo/)
    const again = demoJson()
    assert.deepEqual(digests(again), digests(first))
    assert.doesNotMatch(again.phases.find(({ phase }) => phase === 'images')?.note ?? '', /built before/)
    assert.equal(cluster.lotse('down', '--purge').code, 0)
    assert.deepEqual(traces(), NO_TRACES)
  })
})
