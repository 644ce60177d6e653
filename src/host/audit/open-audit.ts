import { readFileSync } from 'node:fs'
import { watchConfig, type ConfigWatchPorts } from '../../apiserver/access/config/config-watch.ts'
import { readAuditPolicy, type AuditPolicy } from '../../apiserver/audit/audit-policy.ts'
import { AuditWebhook } from '../../apiserver/audit/audit-webhook.ts'
import type { AuditConfig } from '../../apiserver/audit/auditor.ts'
import type { WebhookTarget } from '../../apiserver/webhooks/webhook-caller.ts'
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
  const end = new AbortController()
  const target = files.webhookConfig === undefined ? undefined : followedTarget(files.webhookConfig, { clock, log }, end.signal)
  const sinks = [
    ...(files.log === undefined ? [] : [await AuditLog.open({ file: files.log, clock, log })]),
    ...(target === undefined ? [] : [new AuditWebhook({ post: (text) => poster.post(target(), text, POST_TIMEOUT_MS), clock, log })]),
  ]
  return {
    policy,
    sinks,
    async close() {
      end.abort()
      await Promise.all(sinks.map((sink) => sink.close()))
    },
  }
}

/** The server that the kubeconfig means now: it and the certificates that it names may change while the server runs. */
function followedTarget(file: string, ports: ConfigWatchPorts, signal: AbortSignal): () => WebhookTarget {
  let target = readWebhookKubeconfig(file)
  const use = (): string => {
    target = readWebhookKubeconfig(file)
    return JSON.stringify(target)
  }
  const look = (): string => JSON.stringify(readWebhookKubeconfig(file))
  const watched = { what: 'audit webhook configuration', file, inForce: JSON.stringify(target), look, use, counts: undefined }
  void watchConfig(watched, ports, signal)
  return () => target
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
