import { invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { isObject, type Integer } from '../../../objects/json.ts'
import { jsonText } from '../../../objects/json-text.ts'
import type { Expression, RuleSubject } from '../../expression.ts'
import type { Errors } from '../../field-checks.ts'
import type { JSONSchemaProps, ValidationRule } from '../../generated/types.ts'
import { findField } from './field-path.ts'
import { additionalOf, itemsOf, someSchema } from './json-schema.ts'

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const LINE_BREAK = /[\n\r]/
const OLD_SELF = /\boldSelf\b/

/** x-kubernetes-validations, but for the expressions themselves. */
export function checkRules(errors: Errors, path: string, schema: JSONSchemaProps): void {
  schema['x-kubernetes-validations']?.forEach((rule, index) => {
    const here = `${path}.x-kubernetes-validations[${index}]`
    if (isObject(rule)) checkRule(errors, here, schema, rule)
    else errors.push(invalidValue(here, rule, 'must be an object'))
  })
}

function checkRule(errors: Errors, path: string, schema: JSONSchemaProps, validation: ValidationRule): void {
  const rule = text(validation.rule)
  const message = text(validation.message)
  const messageExpression = text(validation.messageExpression)
  if (rule.trim() === '') errors.push(required(`${path}.rule`, 'rule is not specified'))
  else if (message !== '' && message.trim() === '') {
    errors.push(invalidValue(`${path}.message`, message, 'message must be non-empty if specified'))
  } else if (LINE_BREAK.test(message.trim())) errors.push(invalidValue(`${path}.message`, message, 'message must not contain line breaks'))
  else if (LINE_BREAK.test(rule.trim()) && message.trim() === '') {
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'))
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'))
  }
  const { reason } = validation
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, REASONS))
  checkFieldPath(errors, `${path}.fieldPath`, schema, text(validation.fieldPath))
}

/** Rules that compare with the value before. */
export function checkTransitionRules(errors: Errors, path: string, schema: JSONSchemaProps, uncorrelatable: string | undefined): void {
  schema['x-kubernetes-validations']?.forEach(({ rule, optionalOldSelf }, index) => {
    const here = `${path}.x-kubernetes-validations[${index}]`
    if (!OLD_SELF.test(rule)) {
      if (optionalOldSelf === undefined) return
      errors.push(invalidValue(`${here}.optionalOldSelf`, optionalOldSelf, 'may not be set if oldSelf is not used in rule'))
    } else if (uncorrelatable !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`
      errors.push(invalidValue(`${here}.rule`, rule, detail))
    }
  })
}

function checkFieldPath(errors: Errors, field: string, schema: JSONSchemaProps, fieldPath: string): void {
  if (fieldPath === '') return
  if (fieldPath.trim() === '') errors.push(invalidValue(field, fieldPath, 'fieldPath must be non-empty if specified'))
  if (LINE_BREAK.test(fieldPath)) errors.push(invalidValue(field, fieldPath, 'fieldPath must not contain line breaks'))
  if ('error' in findField(fieldPath, schema, 'brackets')) errors.push(invalidValue(field, fieldPath, 'fieldPath must be a valid path'))
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The rules of a schema and of what is in it, with the values that they are about. */
export function ruleExpressions(path: string, schema: JSONSchemaProps): Expression[] {
  return rulesIn(path, schema, { root: path, copies: 1, isResource: true })
}

type Where = Omit<RuleSubject, 'schema' | 'optionalOldSelf'>

function rulesIn(path: string, schema: JSONSchemaProps, where: Where): Expression[] {
  const rules = schema['x-kubernetes-validations'] ?? []
  const isResource = where.isResource || schema['x-kubernetes-embedded-resource'] === true
  const found = rules.flatMap((rule, index) => {
    const optionalOldSelf = rule.optionalOldSelf === true
    return ofRule(`${path}.x-kubernetes-validations[${index}]`, rule, { ...where, isResource, schema, optionalOldSelf })
  })
  const items = itemsOf(schema)
  const values = additionalOf(schema)
  const inside = { ...where, isResource: false }
  const times = (count: Integer | undefined): Where => (
    { ...inside, copies: where.copies === undefined || count === undefined ? undefined : where.copies * Math.max(0, Number(count)) })
  return [
    ...found,
    ...ofDefault(path, schema, { ...where, isResource }),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) => rulesIn(`${path}.properties[${name}]`, property, inside)),
    ...(items === undefined ? [] : rulesIn(`${path}.items`, items, times(schema.maxItems))),
    ...(values === undefined ? [] : rulesIn(`${path}.additionalProperties`, values, times(schema.maxProperties))),
  ]
}

/** A default must keep the rules that are about it and about what is in it. */
function ofDefault(path: string, schema: JSONSchemaProps, where: Where): Expression[] {
  if (schema.default === undefined || !someSchema(schema, (part) => (part['x-kubernetes-validations'] ?? []).length > 0)) return []
  const subject = { ...where, schema, optionalOldSelf: false }
  return [{ name: '', hasParams: false, subject, use: 'schema-default', path: `${path}.default`, text: jsonText(schema) }]
}

function ofRule(path: string, { rule, messageExpression = '' }: ValidationRule, subject: RuleSubject): Expression[] {
  const common = { name: '', hasParams: false, subject }
  const expression: Expression = { ...common, use: 'schema-rule', path: `${path}.rule`, text: rule }
  if (messageExpression === '') return [expression]
  return [expression, { ...common, use: 'schema-message', path: `${path}.messageExpression`, text: messageExpression }]
}
