/** The limits of Kubernetes, in units of cost. At run time: one evaluation of one expression. */
export const PER_CALL_LIMIT = 1_000_000
/** At run time: all rules for one object, all expressions of the policies for one request. */
export const PER_OBJECT_BUDGET = 10_000_000
/** At run time: all match conditions of one webhook or policy for one request. */
export const MATCH_CONDITIONS_BUDGET = 2_500_000
/** By estimate: one expression. */
export const PER_EXPRESSION_ESTIMATE_LIMIT = 10_000_000
/** By estimate: all rules of one CustomResourceDefinition. */
export const PER_RESOURCE_ESTIMATE_LIMIT = 100_000_000
/** What has no limit of its own cannot be larger than a request. */
export const MAX_REQUEST_BYTES = 3 * 1024 * 1024
