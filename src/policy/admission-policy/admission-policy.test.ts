import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Expression, ExpressionUse, RuleSubject } from '../../resources/expression.ts'
import { AdmissionEnvironments } from './admission-environment.ts'
import { CompiledPolicy, type PolicyTexts } from './compiled-policy.ts'
import { ExpressionChecker } from './expression-check.ts'
import type { PolicyInput } from './policy-expressions.ts'

const environments = new AdmissionEnvironments()
const policyOf = (texts: Partial<PolicyTexts>): CompiledPolicy => new CompiledPolicy({ hasParams: false, ...texts }, environments)

const input: PolicyInput = {
  object: { metadata: { name: 'web', labels: { team: 'shop' } }, spec: { replicas: 5 } }, oldObject: undefined,
  request: { operation: 'CREATE', name: 'web', namespace: 'default', userInfo: { username: 'alice', groups: ['dev'] }, dryRun: false },
  params: { data: { max: '3' } }, namespaceObject: { metadata: { name: 'default', labels: { env: 'prod' } } },
  decisions: { decide: ({ verb }) => ({ allowed: verb === 'get', reason: '', error: '' }) },
  requested: { group: 'apps', resource: 'deployments', subresource: '', namespace: 'default', name: 'web' },
}

test('validations', () => {
  const table: [Partial<PolicyTexts>, string[]][] = [
    [{ validations: [{ expression: 'object.spec.replicas <= 5' }] }, ['holds']],
    [{ validations: [{ expression: 'object.spec.replicas <= 3' }] }, ['fails Invalid: failed expression: object.spec.replicas <= 3']],
    [{ validations: [{ expression: 'object.spec.replicas <= 3', message: 'too many', reason: 'Forbidden' }] }, ['fails Forbidden: too many']],
    [{ validations: [{ expression: 'object.spec.replicas <= 3', message: 'x', messageExpression: '"at most 3, not " + string(object.spec.replicas)' }] }, ['fails Invalid: at most 3, not 5']],
    [{ validations: [{ expression: 'object.spec.nothing > 1' }] }, ["error: expression 'object.spec.nothing > 1' resulted in error: no such key: nothing"]],
    [{ hasParams: true, validations: [{ expression: 'object.spec.replicas <= int(params.data.max)' }] }, ['fails Invalid: failed expression: object.spec.replicas <= int(params.data.max)']],
    [{ variables: [{ name: 'n', expression: 'object.spec.replicas' }, { name: 'twice', expression: 'variables.n * 2' }], validations: [{ expression: 'variables.twice == 10' }] }, ['holds']],
    [{ variables: [{ name: 'bad', expression: 'object.none' }], validations: [{ expression: 'variables.bad == 1' }, { expression: 'true' }] },
      ["error: expression 'variables.bad == 1' resulted in error: composited variable \"bad\" fails to evaluate: no such key: none", 'holds']],
    [{ validations: [{ expression: 'oldObject == null' }, { expression: 'request.operation == "CREATE"' }, { expression: 'namespaceObject.metadata.labels.env == "prod"' }] }, ['holds', 'holds', 'holds']],
    [{ validations: [{ expression: 'authorizer.requestResource.check("get").allowed()' }, { expression: 'authorizer.group("apps").resource("deployments").check("delete").allowed()' }] },
      ['holds', 'fails Invalid: failed expression: authorizer.group("apps").resource("deployments").check("delete").allowed()']],
  ]
  for (const [texts, expected] of table) {
    const found = policyOf(texts).validate(input).map((finding) => (finding.outcome === 'holds' ? 'holds' : finding.outcome === 'error' ? `error: ${finding.message}` : `fails ${finding.reason}: ${finding.message}`))
    assert.deepEqual(found, expected)
  }
})

test('conditions: one that is false decides, whatever is wrong with others', () => {
  const conditions = (...expressions: string[]) => policyOf({ matchConditions: expressions.map((expression, index) => ({ name: `c${index}`, expression })) }).conditions(input)
  assert.deepEqual(conditions('request.userInfo.username == "alice"', '!("admin" in request.userInfo.groups)'), { outcome: 'matches' })
  assert.deepEqual(conditions('object.none == 1', 'false'), { outcome: 'differs' })
  assert.deepEqual(conditions('object.none == 1', 'true'), { outcome: 'error', message: "expression 'object.none == 1' resulted in error: no such key: none" })
})

test('annotations for the audit', () => {
  const auditAnnotations = [{ key: 'replicas', valueExpression: '"has " + string(object.spec.replicas)' }, { key: 'none', valueExpression: 'null' }]
  assert.deepEqual(policyOf({ auditAnnotations }).annotations(input), [{ outcome: 'value', key: 'replicas', value: 'has 5' }])
})

test('what is wrong with expressions', () => {
  const checker = new ExpressionChecker(environments)
  const of = (use: ExpressionUse, text: string, more: Partial<Expression> = {}): Expression => ({ use, path: 'p', text, name: '', hasParams: false, ...more })
  const subjectOf = (schema: object): RuleSubject => ({ schema, root: 'root', copies: 1, isResource: false, optionalOldSelf: false })
  const integers = { type: 'array', items: { type: 'integer' } }
  const table: [Expression[], RegExp | undefined][] = [
    [[of('validation', 'object.x == 1')], undefined],
    [[of('validation', 'object.x ==')], /^p: Invalid value: "object\.x ==": compilation failed: ERROR: <input>:1:/],
    [[of('validation', 'params.x == 1')], /undeclared reference to 'params'/],
    [[of('validation', 'params.x == 1', { hasParams: true })], undefined],
    [[of('validation', '"text"')], /^p: Invalid value: "\\"text\\"": must evaluate to bool but got string$/],
    [[of('message', '1 + 1')], /must evaluate to string but got int$/],
    [[of('audit-annotation', 'object.x ? "a" : "b"'), of('audit-annotation', 'null')], undefined],
    [[of('audit-annotation', '1')], /must evaluate to one of \[string null_type\] but got int$/],
    [[of('match-condition', 'namespaceObject.metadata.name == "x"')], /undeclared reference to 'namespaceObject'/],
    [[of('variable', 'object.x', { name: 'a' }), of('validation', 'variables.a == 1')], undefined],
    [[of('validation', 'variables.a == 1')], /undefined field 'a'/],
    [[of('schema-rule', 'self.size() > 0', { subject: subjectOf({ type: 'string' }) })], undefined],
    [[of('schema-rule', 'self > 0', { subject: subjectOf({ type: 'string' }) })], /found no matching overload/],
    [[of('schema-rule', 'self.all(a, self.all(b, self.all(c, a + b + c > 0)))', { subject: subjectOf(integers) })], /^p: Forbidden: estimated rule cost exceeds budget by factor of more than 100x/],
  ]
  for (const [expressions, expected] of table) {
    const errors = checker.check(expressions, []).map(({ field, message }) => `${field}: ${message}`)
    if (expected === undefined) assert.deepEqual(errors, [], expressions.at(-1)?.text)
    else assert.match(errors[0] ?? 'nothing', expected)
  }
  const accepted = of('validation', 'broken(')
  assert.deepEqual(checker.check([accepted], [accepted]), [], 'what was accepted once is let be')
})
