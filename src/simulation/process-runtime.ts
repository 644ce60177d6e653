import type { NodeRuntime } from '../node/runtime.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** The node's runtime as one agent process reaches it: its death ends its calls, but nothing that runs. */
export function runtimeOf(process: SimulatedProcess, runtime: NodeRuntime): NodeRuntime {
  const until = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, process.death])
  return {
    observeAll: (signal) => process.guard(runtime.observeAll(until(signal))),
    observe: (podUid, signal) => process.guard(runtime.observe(podUid, until(signal))),
    perform: (action, signal) => process.guard(runtime.perform(action, until(signal))),
    exec: (containerId, command, timeoutMs, signal) => process.guard(runtime.exec(containerId, command, timeoutMs, until(signal))),
    events: (listener, signal) => runtime.events((podUid) => process.isAlive && listener(podUid), until(signal)),
    info: (signal) => process.guard(runtime.info(until(signal))),
    findImage: (image, signal) => process.guard(runtime.findImage(image, until(signal))),
    listImages: (signal) => process.guard(runtime.listImages(until(signal))),
  }
}
