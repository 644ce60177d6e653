import type { JsonObject } from '../../../objects/json.ts'
import { sleep, type Clock } from '../../../words/ports.ts'
import type { WebhookCall, WebhookCaller } from '../../webhooks/webhook-caller.ts'

const ATTEMPTS = 2
const PAUSE_MS = 500

/** A webhook that is just being replaced answers a moment later. Throws what the last attempt threw. */
export async function callAgain(caller: WebhookCaller, call: WebhookCall, clock: Clock): Promise<JsonObject> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await caller.call(call)
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await sleep(clock, PAUSE_MS)
    }
  }
}
