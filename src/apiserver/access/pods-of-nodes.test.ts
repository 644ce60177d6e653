import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../objects/kube-object.ts'
import { utf8 } from '../../words/bytes.ts'
import { CachedObject } from '../watch-cache/cached-object.ts'
import { defaultRingBounds } from '../watch-cache/event-ring.ts'
import { HistoryBudget } from '../watch-cache/history-budget.ts'
import { ResourceCache } from '../watch-cache/resource-cache.ts'
import { FollowedPodsOfNodes } from './pods-of-nodes.ts'

const PREFIX = '/registry/pods/'

/** A cache of pods, and what it says of two nodes. */
class Pods {
  readonly cache = new ResourceCache(PREFIX, { bounds: defaultRingBounds, budget: new HistoryBudget() }, 0)
  readonly #ofNodes = new FollowedPodsOfNodes(() => this.cache)
  #revision = 0

  write(name: string, nodeName: string | undefined, namespace = 'shop'): void {
    this.#revision += 1
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec: { nodeName } }
    const key = `${PREFIX}${namespace}/${name}`
    this.cache.apply(key, this.#revision, new CachedObject(key, this.#revision, utf8(JSON.stringify(pod)), pod as KubeObject), 0)
  }

  remove(name: string, namespace = 'shop'): void {
    this.#revision += 1
    this.cache.apply(`${PREFIX}${namespace}/${name}`, this.#revision, undefined, 0)
  }

  get text(): string {
    const names = (node: string, namespace: string): string => [...this.#ofNodes.of(node, namespace)].map(({ metadata }) => metadata.name).join(' ')
    return ['n1', 'n2'].map((node) => `${node}: ${names(node, 'shop')}`).join('; ')
  }
}

test('pods are known by their nodes, before and after the first question', () => {
  const pods = new Pods()
  pods.write('a', 'n1')
  pods.write('b', 'n2')
  pods.write('c', undefined)
  pods.write('far', 'n1', 'shop-2')
  assert.equal(pods.text, 'n1: a; n2: b')
  pods.write('c', 'n1')
  pods.write('a', 'n1')
  assert.equal(pods.text, 'n1: a c; n2: b')
  pods.remove('a')
  assert.equal(pods.text, 'n1: c; n2: b')
  pods.write('a', 'n2')
  pods.remove('c')
  assert.equal(pods.text, 'n1: ; n2: b a')
})

test('a cache that is read anew is looked through anew', () => {
  const pods = new Pods()
  pods.write('a', 'n1')
  assert.equal(pods.text, 'n1: a; n2: ')
  pods.cache.reset(10)
  pods.write('b', 'n2')
  assert.equal(pods.text, 'n1: ; n2: b')
  pods.write('c', 'n1')
  assert.equal(pods.text, 'n1: c; n2: b')
})
