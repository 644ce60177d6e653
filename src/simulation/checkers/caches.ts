import { objectKeyText, resourcePrefix } from '../../apiserver/storage/keys.ts'
import { keyOf } from '../../objects/kube-object.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { servedResources } from '../../resources/registry.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { DiskLog } from '../disk-log.ts'
import type { SimulatedServer } from '../simulated-server.ts'
import type { Goal } from './findings.ts'

/** What the API serves and what the controllers' caches hold is what the disk has, object by object and revision by revision. */
export function cachesAgree(log: DiskLog, server: () => SimulatedServer | undefined): Goal {
  const stored = servedResources().filter(({ virtual, kind }) => !virtual && kind.group !== 'events.k8s.io').map(({ kind }) => kind)
  return {
    name: 'caches agree',
    problems: () => {
      const now = server()
      if (now?.executor === undefined) return ['the server is not up']
      const { api, executor } = now
      return stored.flatMap((kind) => {
        const cached = executor.cacheOf(kind)?.list()
        return [
          ...differences(log, kind, api.reader.list(kind)).map((each) => `the API server: ${each}`),
          ...(cached === undefined ? [] : differences(log, kind, cached).map((each) => `the controllers: ${each}`)),
        ]
      })
    },
  }
}

function differences(log: DiskLog, kind: KindRef, objects: readonly KubeObject[]): readonly string[] {
  const prefix = resourcePrefix(kind)
  const wanted = log.revisions(kind)
  const shown = new Map(objects.map((object) => [objectKeyText(prefix, keyOf(object)), object.metadata.resourceVersion]))
  return [
    ...[...wanted]
      .filter(([key, revision]) => shown.get(key) !== String(revision))
      .map(([key, revision]) => `${key} at ${shown.get(key)}, on the disk at ${revision}`),
    ...[...shown.keys()].filter((key) => !wanted.has(key)).map((key) => `${key}, which is not on the disk`),
  ]
}
