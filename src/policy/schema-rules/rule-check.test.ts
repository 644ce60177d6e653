import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Expression, RuleSubject } from '../../resources/expression.ts'
import { kubernetesEnvironment } from '../cel/kubernetes-environment.ts'
import { checkRuleExpressions, type RuleExpression } from './rule-check.ts'

const base = kubernetesEnvironment({ version: '1.32' })

function rule(text: string, schema: object, more: Partial<RuleSubject> = {}): RuleExpression {
  const subject = { schema, root: 'schema', copies: 1, isResource: false, optionalOldSelf: false, ...more }
  return { use: 'schema-rule', path: `schema.rule(${text})`, text, name: '', hasParams: false, subject }
}

function check(rules: readonly RuleExpression[], expected: readonly string[], isAccepted: (expression: Expression) => boolean = () => false): void {
  const errors = checkRuleExpressions(base, rules, isAccepted).map(({ field, message }) => `${field}: ${message.split('\n')[0] ?? ''}`)
  assert.deepEqual(errors, expected)
}

const text = { type: 'string', maxLength: 10 }
const FACTOR = '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'

test('what rules may name and come to', () => {
  check([rule('self.startsWith("a")', text), rule('self == oldSelf', text)], [])
  check([rule('self.nothing', { type: 'object', properties: {} })], [
    'schema.rule(self.nothing): Invalid value: "self.nothing": compilation failed: ERROR: <input>:1:5: undefined field \'nothing\''])
  check([rule('self', text)], ['schema.rule(self): Invalid value: "self": cel expression must evaluate to a bool'])
  check([{ ...rule('1', text), use: 'schema-message' }], ['schema.rule(1): Invalid value: "1": messageExpression must evaluate to a string'])
  check([{ ...rule('"no " + self', text), use: 'schema-message' }], [])
  check([rule('self.metadata.name != ""', { type: 'object', properties: {} }, { isResource: true })], [])
  check([rule('!oldSelf.hasValue() || oldSelf.value() == self', text, { optionalOldSelf: true })], [])
  check([rule('broken(', text)], [], () => true)
})

test('what rules may cost', () => {
  const list = (maxItems: number): object => ({ type: 'array', maxItems, items: { type: 'integer' } })
  const pairs = 'self.all(a, self.all(b, a != b || a > 0))'
  check([rule(pairs, list(100))], [])
  check([rule(pairs, list(100_000))], [`schema.rule(${pairs}): Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${FACTOR}`,
    `schema.rule(${pairs}): Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
    `schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${FACTOR}`])
  const within = 'self.contains("x")'
  check([rule(within, text, { copies: 1_000_000 })], [])
  check([rule(within, text, { copies: 5_000_000 })], [`schema.rule(${within}): Forbidden: estimated rule cost exceeds budget by factor of 2.5x ${FACTOR}`])
})

test('defaults keep the rules', () => {
  const kept = (schema: object, ...expected: string[]): void => (
    check([{ ...rule('', schema), use: 'schema-default', path: 'x.default' }], expected))
  const ruled = (schema: object, ...rules: object[]): object => ({ ...schema, 'x-kubernetes-validations': rules })
  const positive = ruled({ type: 'integer' }, { rule: 'self > 0', message: 'too small' })
  kept({ ...positive, default: 1 })
  kept({ ...positive, default: 0 }, 'x.default: Invalid value: "integer": too small')
  kept({ type: 'object', properties: { n: positive }, default: { n: 0 } }, 'x.default.n: Invalid value: "integer": too small')
  kept({ type: 'array', items: positive, default: [1, 0] }, 'x.default[1]: Invalid value: "integer": too small')
  kept({ ...ruled(text, { rule: 'self != oldSelf', message: 'must change' }), default: 'a' }, 'x.default: Invalid value: "string": must change')
  kept({ ...ruled(text, { rule: 'oldSelf.hasValue()', optionalOldSelf: true, message: 'not at once' }), default: 'a' },
    'x.default: Invalid value: "string": not at once')
})
