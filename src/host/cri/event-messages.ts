/** containerd's own event stream (package containerd.services.events.v1): the envelope, and the fields that task events share. */
import { bytes, inner, list, message, text } from './protobuf.ts'
import type { OutputOf } from './protobuf.ts'

export const subscribeRequest = message({ filters: list(text(1)) })
const anyValue = message({ typeUrl: text(1), value: bytes(2) })
/** The time stamp (field 1) is not read. */
export const envelope = message({ namespace: text(2), topic: text(3), event: inner(4, anyValue) })
/** TaskOOM, like all task events, has the container's id in field 1. */
export const taskEvent = message({ containerId: text(1) })
/** id: of the process, the container's own or that of an exec. */
export const taskExit = message({ containerId: text(1), id: text(2) })

export type Envelope = OutputOf<typeof envelope>
