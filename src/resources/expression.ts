/** What an expression of the Common Expression Language is for: that decides its variables and the type of its result. */
export type ExpressionUse =
  /** matchConditions of webhooks and policies: a boolean of the request. */
  | 'match-condition'
  /** variables of admission policies: any type; those that follow may use it. */
  | 'variable'
  /** validations[].expression of admission policies: a boolean. */
  | 'validation'
  /** validations[].messageExpression: a text, without the authorizer. */
  | 'message'
  /** auditAnnotations[].valueExpression: a text or null. */
  | 'audit-annotation'
  /** mutations[]: an object to apply, or a list of patch operations. */
  | 'apply-configuration' | 'json-patch'
  /** x-kubernetes-validations of a CustomResourceDefinition: a boolean of the value that its schema describes, and its message. */
  | 'schema-rule' | 'schema-message'
  /** A default in a schema, and the rules that it must keep; the text is the schema's. */
  | 'schema-default'
  /** Selectors of ResourceClaims and DeviceClasses: a boolean of a device. */
  | 'device-selector'

export interface Expression {
  readonly use: ExpressionUse
  /** Where it stands: spec.validations[0].expression */
  readonly path: string
  readonly text: string
  /** The name that a variable gets; '' for all others. */
  readonly name: string
  /** Whether it may refer to params. */
  readonly hasParams: boolean
  /** What a schema-rule or schema-message is about; undefined for all others. */
  readonly subject?: RuleSubject
}

export interface RuleSubject {
  /** The OpenAPI schema of the value. */
  readonly schema: unknown
  /** The path of the whole schema that it is a part of: what its rules may cost is counted together. */
  readonly root: string
  /** How often the value can be in one object; undefined: the schema sets no limit. */
  readonly copies: number | undefined
  /** An object with apiVersion, kind and metadata. */
  readonly isResource: boolean
  /** oldSelf is an optional value. */
  readonly optionalOldSelf: boolean
}
