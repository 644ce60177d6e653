import type { FieldError } from '../../../objects/field-error.ts'
import { invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import type { KubeObject } from '../../../objects/kube-object.ts'
import type { Column, ResourceDefinition } from '../../definition.ts'
import type { Expression } from '../../expression.ts'
import type { Errors } from '../../field-checks.ts'
import { checkLabelSelector, checkOneOfIfSet, checkUnique } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from '../../generated/types.ts'
import { checkFullyQualifiedName } from '../../name-checks.ts'
import { plainResource } from '../../plain-resource.ts'
import { ageColumn, numberColumn } from '../../table.ts'
import {
  checkMatchConditions, checkRule, conditionExpressions, defaultRules, FAILURE_POLICIES, MATCH_POLICIES, REINVOCATION_POLICIES,
} from './match-rules.ts'
import { checkClientConfig, checkReviewVersions, defaultClientConfig } from './webhook-client.ts'

/** A validating webhook is a mutating one without a reinvocationPolicy. */
type Webhook = MutatingWebhook
interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[]
}

const NO_SIDE_EFFECTS = ['None', 'NoneOnDryRun']
const DEFAULT_TIMEOUT_SECONDS = 10
const MAX_TIMEOUT_SECONDS = 30

function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= DEFAULT_TIMEOUT_SECONDS
  defaultClientConfig(webhook.clientConfig)
  defaultRules(webhook.rules)
}

function validate({ webhooks }: WebhookConfiguration): FieldError[] {
  const errors: Errors = []
  const names = new Set<string>()
  webhooks?.forEach((webhook, index) => {
    const path = `webhooks[${index}]`
    checkWebhook(errors, path, webhook)
    checkReviewVersions(errors, `${path}.admissionReviewVersions`, webhook.admissionReviewVersions, 'must specify one of v1, v1beta1')
    if ((webhook.name ?? '') !== '') checkUnique(errors, path, 'name', webhook.name, names)
  })
  return errors
}

function checkWebhook(errors: Errors, path: string, webhook: Webhook): void {
  checkFullyQualifiedName(errors, path, 'name', webhook.name)
  webhook.rules?.forEach((rule, index) => checkRule(errors, `${path}.rules[${index}]`, rule))
  checkOneOfIfSet(errors, path, 'failurePolicy', webhook.failurePolicy, FAILURE_POLICIES)
  checkOneOfIfSet(errors, path, 'matchPolicy', webhook.matchPolicy, MATCH_POLICIES)
  const { sideEffects, timeoutSeconds: seconds = DEFAULT_TIMEOUT_SECONDS } = webhook
  if (sideEffects === undefined) errors.push(required(`${path}.sideEffects`, `must specify one of ${NO_SIDE_EFFECTS.join(', ')}`))
  else if (!NO_SIDE_EFFECTS.includes(sideEffects)) errors.push(notSupported(`${path}.sideEffects`, sideEffects, NO_SIDE_EFFECTS))
  if (seconds < 1 || seconds > MAX_TIMEOUT_SECONDS) {
    errors.push(invalidValue(`${path}.timeoutSeconds`, seconds, 'the timeout value must be between 1 and 30 seconds'))
  }
  checkLabelSelector(errors, `${path}.namespaceSelector`, webhook.namespaceSelector)
  checkLabelSelector(errors, `${path}.objectSelector`, webhook.objectSelector)
  checkOneOfIfSet(errors, path, 'reinvocationPolicy', webhook.reinvocationPolicy, REINVOCATION_POLICIES)
  checkClientConfig(errors, `${path}.clientConfig`, webhook.clientConfig ?? {})
  checkMatchConditions(errors, `${path}.matchConditions`, webhook.matchConditions ?? [])
}

function expressionsOf({ webhooks = [] }: WebhookConfiguration): Expression[] {
  return webhooks.flatMap(({ matchConditions }, index) => (
    conditionExpressions(`webhooks[${index}].matchConditions`, matchConditions, 'no-params')))
}

const columns: readonly Column<WebhookConfiguration>[] = [
  numberColumn('Webhooks', 'Number of its webhooks.', ({ webhooks }) => webhooks?.length ?? 0), ageColumn,
]

export const mutatingWebhookConfigurations: ResourceDefinition<MutatingWebhookConfiguration> = {
  ...plainResource,
  kind: kinds.MutatingWebhookConfiguration,
  finalizerRule: 'qualified',
  needsRevision: true,
  defaults(draft) {
    for (const webhook of draft.webhooks ?? []) {
      defaultWebhook(webhook)
      webhook.reinvocationPolicy ??= 'Never'
    }
  },
  validateCreate: validate,
  validateUpdate: validate,
  expressionsOf,
  generationOf: 'all-but-metadata-and-status',
  columns,
}

export const validatingWebhookConfigurations: ResourceDefinition<ValidatingWebhookConfiguration> = {
  ...plainResource,
  kind: kinds.ValidatingWebhookConfiguration,
  finalizerRule: 'qualified',
  needsRevision: true,
  defaults(draft) {
    for (const webhook of draft.webhooks ?? []) defaultWebhook(webhook)
  },
  validateCreate: validate,
  validateUpdate: validate,
  expressionsOf,
  generationOf: 'all-but-metadata-and-status',
  columns,
}
