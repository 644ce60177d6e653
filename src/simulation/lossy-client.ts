import type { Client, WatchEvent, WatchOptions } from '../client/client.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { keyOf, keyText } from '../objects/kube-object.ts'
import { StatusError, serviceUnavailable } from '../words/status-error.ts'
import type { DelayedStream } from './delayed-stream.ts'
import type { Caller, SimulatedNetwork } from './simulated-network.ts'
import { thrownMessage } from '../words/thrown.ts'

/**
 * A client of the server's own process as if it were elsewhere: calls are late, get lost and lose their answers, watches lag and are cut.
 */
export function lossyClient(network: SimulatedNetwork, caller: Caller, inner: Client): Client {
  const call = async <T>(title: string, perform: () => Promise<T>): Promise<T> => {
    try {
      return await network.call(caller, title, perform)
    } catch (error) {
      throw asStatus(error)
    }
  }
  return {
    get: (kind, key) => call(`get ${kind.plural} ${keyText(key)}`, () => inner.get(kind, key)),
    list: (kind, options) => call(`list ${kind.plural}`, () => inner.list(kind, options)),
    watch: (kind, options) => watch(network, caller, inner, kind, options),
    create: (kind, object, options) => call(`create ${kind.plural} ${keyText(keyOf(object))}`, () => inner.create(kind, object, options)),
    update: (kind, object, options) => call(`update ${kind.plural} ${keyText(keyOf(object))}`, () => inner.update(kind, object, options)),
    patch: (kind, key, patch, options) => call(`patch ${kind.plural} ${keyText(key)}`, () => inner.patch(kind, key, patch, options)),
    delete: (kind, key, options) => call(`delete ${kind.plural} ${keyText(key)}`, () => inner.delete(kind, key, options)),
    deleteCollection: (kind, selection, options) =>
      call(`delete all ${kind.plural}`, () => inner.deleteCollection(kind, selection, options)),
    createSubresource: (kind, key, subresource, body) =>
      call(`create ${kind.plural} ${keyText(key)} ${subresource}`, () => inner.createSubresource(kind, key, subresource, body)),
  }
}

async function* watch<T extends KubeObject>(
  network: SimulatedNetwork, caller: Caller, inner: Client, kind: KindRef<T>, options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const { signal } = options
  try {
    const title = `watch ${kind.plural}`
    const stream = await network.call(caller, `${title} ${options.resourceVersion ?? ''}`, async () =>
      network.stream<WatchEvent<T>>(caller, title, () => undefined, (into, gone) => {
        void pump(inner.watch(kind, { ...options, signal: AbortSignal.any([signal, gone]) }), into)
      }))
    signal.addEventListener('abort', () => stream.break(new Error('the reader hung up')), { once: true })
    yield* stream
  } catch (error) {
    if (!signal.aborted) throw asStatus(error)
  }
}

async function pump<T>(events: AsyncIterable<T>, into: DelayedStream<T>): Promise<void> {
  try {
    for await (const event of events) into.send(event)
    into.end()
  } catch (error) {
    into.fail(asStatus(error))
  }
}

function asStatus(error: unknown): StatusError {
  return error instanceof StatusError ? error : serviceUnavailable(thrownMessage(error))
}
