import { readFileSync } from 'node:fs'
import { readAuditPolicy, type AuditPolicy } from '../../apiserver/audit/audit-policy.ts'
import { AuditWebhook } from '../../apiserver/audit/audit-webhook.ts'
import type { AuditConfig } from '../../apiserver/audit/auditor.ts'
import { decodeYaml } from '../../objects/codec-yaml.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { EventPoster } from '../webhook-caller.ts'
import { readWebhookKubeconfig } from '../webhook-kubeconfig.ts'
import { AuditLog } from './audit-log.ts'

export interface AuditFiles {
  readonly policy: string
  readonly log: string | undefined
  /** A kubeconfig. */
  readonly webhookConfig: string | undefined
}

export interface OpenAudit extends AuditConfig {
  /** Writes and sends what waits. */
  close(): Promise<void>
}

const POST_TIMEOUT_MS = 10_000

/** Reads policy and kubeconfig, and opens the log, so that a mistake ends the start. */
export async function openAudit(
  files: AuditFiles, parts: { readonly poster: EventPoster; readonly clock: Clock; readonly log: Log }
): Promise<OpenAudit> {
  const { poster, clock, log } = parts
  const policy = readPolicyFile(files.policy)
  const target = files.webhookConfig === undefined ? undefined : readWebhookKubeconfig(files.webhookConfig)
  const sinks = [
    ...(files.log === undefined ? [] : [await AuditLog.open({ file: files.log, clock, log })]),
    ...(target === undefined ? [] : [new AuditWebhook({ post: (text) => poster.post(target, text, POST_TIMEOUT_MS), clock, log })]),
  ]
  return {
    policy,
    sinks,
    async close() {
      await Promise.all(sinks.map((sink) => sink.close()))
    },
  }
}

function readPolicyFile(file: string): AuditPolicy {
  let document: unknown
  try {
    document = decodeYaml(readFileSync(file))
  } catch (error) {
    throw new Error(`failed to read the audit policy ${JSON.stringify(file)}: ${thrownMessage(error)}`, { cause: error })
  }
  const result = readAuditPolicy(document)
  if (result.outcome === 'refused') throw new Error(`the audit policy ${JSON.stringify(file)} cannot be used: ${result.why}`)
  return result.policy
}
