import type { FlowSchemaSpec, PolicyRulesWithSubjects, PriorityLevelConfigurationSpec, Subject } from '../../generated/types.ts'

/**
 * The flow schemas and priority levels without which the server could be locked out of by its own limits: nobody may change them.
 * They are the API's own (KEP-1040), as clients and dashboards expect them.
 */
export const EXEMPT = 'exempt'
export const CATCH_ALL = 'catch-all'

export function groupSubjects(...names: readonly string[]): Subject[] {
  return names.map((name) => ({ kind: 'Group', group: { name } }))
}

/** Whatever the subjects do. */
export function everythingBy(subjects: readonly Subject[]): PolicyRulesWithSubjects {
  return {
    subjects: [...subjects],
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  }
}

export const mandatoryFlowSchemas: Readonly<Record<string, FlowSchemaSpec>> = {
  [EXEMPT]: {
    priorityLevelConfiguration: { name: EXEMPT }, matchingPrecedence: 1, rules: [everythingBy(groupSubjects('system:masters'))],
  },
  [CATCH_ALL]: {
    priorityLevelConfiguration: { name: CATCH_ALL }, matchingPrecedence: 10_000, distinguisherMethod: { type: 'ByUser' },
    rules: [everythingBy(groupSubjects('system:unauthenticated', 'system:authenticated'))],
  },
}

export const mandatoryPriorityLevels: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  [EXEMPT]: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  [CATCH_ALL]: { type: 'Limited', limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } } },
}
