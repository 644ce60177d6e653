import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatFieldSelector, matchesFields, parseFieldSelector, requiredValue } from './field-selector.ts'
import { formatLabelSelector, matchesLabels, parseLabelSelector, selectorFromSpec, type LabelSelectorSpec } from './label-selector.ts'
import { badRequestOf } from './refusal.testing.ts'

test('label selectors: canonical text and matches', () => {
  const labels = { app: 'web', tier: 'front', cores: '8', empty: '' }
  const table: [text: string, canonical: string, matches: boolean][] = [
    ['', '', true], ['app=web', 'app=web', true], ['app == web , tier!=back', 'app==web,tier!=back', true],
    ['app in (b,web,b)', 'app in (b,web)', true],
    ['app notin (web)', 'app notin (web)', false], ['none notin (a)', 'none notin (a)', true], ['none!=a', 'none!=a', true],
    ['app', 'app', true], ['!app', '!app', false],
    ['! none', '!none', true], ['cores>4', 'cores>4', true], ['cores<4', 'cores<4', false], ['none>4', 'none>4', false],
    ['empty=', 'empty=', true], ['empty', 'empty', true],
    ['app in (,a)', 'app in (,a)', false], ['empty in (a,)', 'empty in (,a)', true], ['in in (in)', 'in in (in)', false],
    ['x.y/app=1', 'x.y/app=1', false], ['app= web', 'app=web', true],
  ]
  for (const [text, canonical, matches] of table) {
    const selector = parseLabelSelector(text)
    assert.equal(formatLabelSelector(selector), canonical, text)
    assert.equal(matchesLabels(selector, labels), matches, text)
  }
})

test('label selectors: errors in upstream words', () => {
  const table: [text: string, error: string | RegExp][] = [
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a foo b', "unable to parse requirement: found 'foo', expected: in, notin, =, ==, !=, gt, lt"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a>b', `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`],
    ['a in ()', `unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty`],
    ['-a=b', /^unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of/],
    ['a=-b', /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b": a valid label must be an empty string or consist of/],
    [Array.from({ length: 1001 }, (_, index) => `a${index}`).join(','), /at most 1000 requirements/],
    [`a in (${'b,'.repeat(20_000)}c)`, /at most 1000 requirements and 10000 values/],
  ]
  for (const [text, error] of table) {
    const message = badRequestOf(() => parseLabelSelector(text))
    if (typeof error === 'string') assert.equal(message, error, text)
    else assert.match(message, error, text)
  }
})

test('label selectors of specs', () => {
  const table: [spec: LabelSelectorSpec | undefined, matches: boolean][] = [
    [undefined, false], [{}, true], [{ matchLabels: { app: 'web' } }, true], [{ matchLabels: { app: 'x' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }, { key: 'b', operator: 'DoesNotExist' }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
  ]
  for (const [spec, matches] of table) assert.equal(matchesLabels(selectorFromSpec(spec), { app: 'web' }), matches, JSON.stringify(spec))
  assert.equal(badRequestOf(() => selectorFromSpec({ matchExpressions: [{ key: 'a', operator: 'Is' }] })), '"Is" is not a valid label selector operator')
})

test('field selectors', () => {
  const table: [text: string, canonical: string, matches: boolean][] = [
    ['', '', true], ['metadata.name=a', 'metadata.name=a', true], ['metadata.name==a,x!=1', 'metadata.name=a,x!=1', true],
    ['metadata.name!=a', 'metadata.name!=a', false],
    ['x=', 'x=', true], ['x=a\\,b\\=c\\\\', 'x=a\\,b\\=c\\\\', false],
  ]
  for (const [text, canonical, matches] of table) {
    const selector = parseFieldSelector(text)
    assert.equal(formatFieldSelector(selector), canonical, text)
    assert.equal(matchesFields(selector, (field) => (field === 'metadata.name' ? 'a' : '')), matches, text)
  }
  assert.equal(badRequestOf(() => parseFieldSelector('a=b,c')), "invalid selector: 'a=b,c'; can't understand 'c'")
  assert.equal(badRequestOf(() => parseFieldSelector('a=\\b')), 'invalid field selector: invalid escape sequence: \\b')
  assert.equal(requiredValue(parseFieldSelector('a!=b,a=c'), 'a'), 'c')
})

test('property: the text of a selector parses to the same selector', () => {
  const key = fc.stringMatching(/^[a-z]([a-z0-9.-]{0,10}[a-z0-9])?$/)
  const value = fc.stringMatching(/^([a-z]([a-z0-9.-]{0,5}[a-z0-9])?)?$/)
  const requirement = fc.oneof(
    fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: fc.array(value, { minLength: 1, maxLength: 4 }) }),
    fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  )
  fc.assert(fc.property(fc.array(requirement, { maxLength: 5 }), fc.dictionary(key, value), (matchExpressions, labels) => {
    const selector = selectorFromSpec({ matchExpressions })
    const again = parseLabelSelector(formatLabelSelector(selector))
    assert.deepEqual(again, selector)
    assert.equal(matchesLabels(again, labels), matchesLabels(selector, labels))
  }), { numRuns: 200 })
})

test('fuzz: any text is a selector or a 400', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[ab=!(),<> \\inot]{0,30}$/))
  fc.assert(fc.property(text, (given) => {
    for (const parse of [parseLabelSelector, parseFieldSelector]) badRequestOf(() => parse(given))
  }), { numRuns: 500 })
})
