import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kubernetesEnvironment } from '../kubernetes-environment.ts'
import { assertErrors, assertTruths, outcome } from '../truths.testing.ts'
import { stringType } from '../types.ts'
import { authorizerType, authorizerValue, requestResourceValue, resourceCheckType, type AuthorizationQuestion } from './authorizer.ts'

const environment = kubernetesEnvironment({ version: '1.32', variables: { text: stringType } })

test('lists', () => {
  assertTruths(environment, [
    '[1, 2, 3].isSorted()', "['a', 'b', 'b', 'c'].isSorted()", '![2.0, 1.0].isSorted()', '[1].isSorted()',
    '[1, 3].sum() == 4', '[1.0, 3.0].sum() == 4.0', "[duration('1m'), duration('1s')].sum() == duration('1m1s')", '[1u, 2u].sum() == 3u',
    '[1, 3].min() == 1', '[1, 3].max() == 3', "['b', 'a'].max() == 'b'", '([0] + [3]).min() == 0',
    '[1, 2, 2, 3].indexOf(2) == 1', "['a', 'b', 'b', 'c'].lastIndexOf('b') == 2", '[1.0].indexOf(1.1) == -1',
    "'tacocat'.indexOf('c') == 2", "'tacocat'.lastIndexOf('c') == 4",
  ])
  assertErrors(environment, [
    ['[[]][0].min()', /error: min called on empty list/],
    ['[9223372036854775807, 1].sum()', /error: integer overflow/],
    ['[[1]].sum()', /issue: found no matching overload for 'sum' applied to 'list\(list\(int\)\)\.\(\)'/],
  ])
})

test('regular expressions', () => {
  assertTruths(environment, [
    "'abc 123'.find('[0-9]+') == '123'", "'abc 123'.find('xyz') == ''", "'123 abc 456'.findAll('[0-9]+') == ['123', '456']",
    "'123 abc 456'.findAll('[0-9]+', 1) == ['123']", "'123 abc 456'.findAll('xyz') == []", "'abc'.matches('^a.c$')", "!'abc'.matches('^b')",
  ])
  assertErrors(environment, [
    ["'a'.matches('(')", /issue: invalid matches argument: error parsing regexp: missing closing \)/],
    ["'a'.matches('(' + '')", /error: error parsing regexp/],
    ["'a'.find('(?=a)' + '')", /error: Illegal regex/],
  ])
})

test('URLs', () => {
  assertTruths(environment, [
    "isURL('https://user:pass@example.com:80/path?query=val#fragment')", "isURL('/absolute-path')", "!isURL('https://a:b:c/')",
    "!isURL('../relative-path')", "url('/path').getScheme() == ''", "url('https://example.com/').getScheme() == 'https'",
    "url('https://example.com:80/').getHost() == 'example.com:80'", "url('https://[::1]:80/').getHost() == '[::1]:80'",
    "url('https://[::1]:80/').getHostname() == '::1'", "url('https://127.0.0.1:80/').getHostname() == '127.0.0.1'",
    "url('https://example.com/').getPort() == ''", "url('https://example.com:80/').getPort() == '80'", "url('/path').getHost() == ''",
    "url('https://example.com/path with spaces/').getEscapedPath() == '/path%20with%20spaces/'", "url('https://example.com').getEscapedPath() == ''",
    "url('https://example.com/path?k1=a&k2=b&k2=c').getQuery() == {'k1': ['a'], 'k2': ['b', 'c']}",
    "url('https://example.com/path?key with spaces=value with spaces').getQuery() == {'key with spaces': ['value with spaces']}",
    "url('https://example.com/path?').getQuery() == {}", "url('/a') == url('/a')",
  ])
  assertErrors(environment, [["url('../relative')", /error: URL parse error during conversion from string: parse "\.\.\/relative": invalid URI for request/]])
})

test('quantities', () => {
  assertTruths(environment, [
    "quantity('200M').compareTo(quantity('0.2G')) == 0", "quantity('50M').compareTo(quantity('50Mi')) == -1",
    "quantity('150Mi').isGreaterThan(quantity('100Mi'))", "quantity('50M').isLessThan(quantity('100M'))",
    "quantity('50k').add(quantity('20k')) == quantity('70k')", "quantity('50k').add(20) == quantity('50020')",
    "quantity('50k').sub(20000) == quantity('30k')", "quantity('50k').add(20).sub(quantity('100k')).sub(-50000) == quantity('20')",
    "quantity('50k').asInteger() == 50000", "quantity('50k').sub(20000).asApproximateFloat() == 30000.0", "quantity('50000000G').isInteger()",
    "!quantity('9999999999999999999999999999999999999G').isInteger()", "!quantity('1.5').isInteger()", "quantity('-1').sign() == -1",
    "isQuantity('1.3Gi')", "!isQuantity('200K')", "!isQuantity('Three')", "type(quantity('1')) == kubernetes.Quantity",
  ])
  assertErrors(environment, [
    ["quantity('1.5').asInteger()", /error: cannot convert value to integer/],
    ["quantity('200K')", /error: unable to parse quantity's suffix/],
  ])
})

test('IP addresses and ranges', () => {
  assertTruths(environment, [
    "isIP('127.0.0.1')", "isIP('::1')", "!isIP('127.0.0.256')", "!isIP(':::1')", "!isIP('::ffff:1.2.3.4')", "!isIP('fe80::1%eth0')", "!isIP('010.0.0.1')",
    "ip('127.0.0.1').family() == 4", "ip('::1').family() == 6", "ip('0.0.0.0').isUnspecified()", "ip('127.0.0.1').isLoopback()", "ip('::1').isLoopback()",
    "ip('224.0.0.1').isLinkLocalMulticast()", "!ip('224.0.1.1').isLinkLocalMulticast()", "ip('ff02::1').isLinkLocalMulticast()", "!ip('fd00::1').isLinkLocalMulticast()",
    "ip('169.254.169.254').isLinkLocalUnicast()", "ip('fe80::1').isLinkLocalUnicast()", "!ip('fd80::1').isLinkLocalUnicast()",
    "ip('192.168.0.1').isGlobalUnicast()", "!ip('255.255.255.255').isGlobalUnicast()", "ip('2001:db8::abcd').isGlobalUnicast()", "!ip('ff00::1').isGlobalUnicast()",
    "ip.isCanonical('2001:db8::abcd')", "!ip.isCanonical('2001:DB8::ABCD')", "!ip.isCanonical('2001:db8::0:0:0:abcd')", "string(ip('2001:DB8::1')) == '2001:db8::1'",
    "ip('::1') == ip('0:0:0:0:0:0:0:1')",
    "isCIDR('192.168.0.0/16')", "isCIDR('::1/128')", "!isCIDR('192.168.0.0/33')", "!isCIDR('::1/129')",
    "cidr('192.168.0.0/24').containsIP(ip('192.168.0.1'))", "cidr('192.168.0.0/24').containsIP('192.168.0.1')", "!cidr('192.168.0.0/24').containsIP('192.168.1.1')",
    "cidr('192.168.0.0/16').containsCIDR(cidr('192.168.10.0/24'))", "!cidr('192.168.1.0/24').containsCIDR('192.168.2.0/24')",
    "cidr('192.168.0.1/24').ip() == ip('192.168.0.1')", "cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24')", "cidr('192.168.0.1/24') != cidr('192.168.0.0/24')",
    "cidr('192.168.0.0/16').prefixLength() == 16", "string(cidr('10.0.0.0/8')) == '10.0.0.0/8'", "!cidr('10.0.0.0/8').containsIP('::1')",
  ])
  assertErrors(environment, [
    ["ip('::ffff:1.2.3.4')", /error: IPv4-mapped IPv6 address "::ffff:1\.2\.3\.4" is not allowed/],
    ["ip('fe80::1%eth0')", /error: IP address "fe80::1%eth0" with zone value is not allowed/],
    ["cidr('10.0.0.0/8').containsIP('x')", /error: IP Address "x" parse error/],
  ])
})

test('formats', () => {
  assertTruths(environment, [
    "!format.dns1123Label().validate('my-label-name').hasValue()", "format.dns1123Label().validate('My_label').hasValue()",
    "format.dns1123Subdomain().validate('a..b').hasValue()", "!format.dns1035Label().validate('my-label').hasValue()", "format.dns1035Label().validate('1a').hasValue()",
    "!format.qualifiedName().validate('apiextensions.k8s.io/v1beta1').hasValue()", "!format.dns1123LabelPrefix().validate('my-label-prefix-').hasValue()",
    "!format.labelValue().validate('a_b.c').hasValue()", "!format.uri().validate('http://example.com').hasValue()", "format.uri().validate('a b').hasValue()",
    "!format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue()", "format.uuid().validate('x').value() == ['does not match the UUID format']",
    "!format.byte().validate('aGVsbG8=').hasValue()", "format.byte().validate('a').value() == ['invalid base64']",
    "!format.date().validate('2021-01-01').hasValue()", "format.date().validate('2021-02-30').value() == ['invalid date']",
    "!format.datetime().validate('2021-01-01T00:00:00Z').hasValue()", "format.named('dns1123Label').value() == format.dns1123Label()", "!format.named('nope').hasValue()",
  ])
})

test('sets, strings, optional values, two-variable comprehensions', () => {
  assertTruths(environment, [
    'sets.contains([1, 2, 3], [2, 3])', '!sets.contains([1], [2])', 'sets.equivalent([1, 2, 2], [2, 1])', 'sets.intersects([1, 2], [2, 5])', '!sets.intersects([1], [])',
    "'a,b'.split(',') == ['a', 'b']", "['a', 'b'].join('-') == 'a-b'", "'%s is %d'.format([dyn('x'), 3]) == 'x is 3'", "'hello'.substring(1, 3) == 'el'",
    "'hello hello'.replace('he', 'we', 1) == 'wello hello'", "'abc'.replace('', '-') == '-a-b-c-'", "' x '.trim() == 'x'", "'TacoCat'.lowerAscii() == 'tacocat'",
    "{'a': 1}.?b.orValue(2) == 2", "[1, 2][?5].orValue(0) == 0", "{?'a': optional.none()} == {}", "{'a': 1}.?a.optMap(x, x + 1) == optional.of(2)",
    '{"a": 1, "b": 2}.all(k, v, v > 0 && k != "c")', '[10, 20].transformList(i, v, i + v) == [10, 21]', '[1, 2].transformMap(i, v, v * 2) == {0: 2, 1: 4}',
    '[1, 2].exists(i, v, i == 1 && v == 2)', "{'a': 'b'}.transformMapEntry(k, v, {v: k}) == {'b': 'a'}",
  ])
})

test('what Kubernetes 1.32 does not have is no function', () => {
  const unknown: readonly (readonly [string, RegExp])[] = [
    ["semver('1.0.0')", /issue: undeclared reference to 'semver' \(in container ''\)/],
    ["'abc'.reverse()", /issue: undeclared reference to 'reverse'/],
    ['math.abs(-1)', /undeclared reference to 'abs'/],
    ["base64.encode(b'a')", /undeclared reference to 'encode'/],
    ['cel.bind(x, 1, x)', /undeclared reference to 'bind'/],
    ['nope(1)', /issue: undeclared reference to 'nope'/],
    ["[1, 'a']", /issue: expected type 'int' but found 'string'/],
    ["duration('1x')", /issue: invalid duration argument: invalid duration: "1x"/],
    ["timestamp('2021')", /issue: invalid timestamp argument/],
  ]
  assertErrors(environment, unknown)
  assert.equal(outcome(environment, '1 < 1.5 && 2u > 1'), true)
})

test('what is no address is said in the words of Go', () => {
  const table: readonly (readonly [string, string])[] = [
    ['', 'unable to parse IP'], ['x', 'unable to parse IP'], ['1.2.3', 'IPv4 address too short'], ['1.2.3.4.5', 'IPv4 address too long'], ['256.1.1.1', 'IPv4 field has value >255'],
    ['1.02.3.4', 'IPv4 field has octet with leading zero'], ['1..2.3', 'IPv4 field must have at least one digit (at ".2.3")'], ['1.2.3.', 'IPv4 field must have at least one digit (at ".")'],
    ['1.2.3.a', 'unexpected character (at "a")'], ['1:2', 'address string too short'], ['1::2::3', 'multiple :: in address (at ":3")'], ['1:2:3:4:5:6:7:8:9', 'trailing garbage after address (at "9")'],
    ['::1:2:3:4:5:6:7:8', 'the :: must expand to at least one field of zeros'], ['12345::', 'each group must have 4 or less digits (at "12345::")'], ['1:', 'colon must be followed by more characters (at ":")'],
    [':1', 'each colon-separated field must have at least one digit (at ":1")'], ['1:g::', 'each colon-separated field must have at least one digit (at "g::")'], ['1g::', 'unexpected character, want colon (at "g::")'],
    ['1:1.2.3.4', 'embedded IPv4 address must replace the final 2 fields of the address (at "1.2.3.4")'], ['a%b', 'missing IPv6 address'], ['::1%', 'zone must be a non-empty string'],
  ]
  for (const [text, problem] of table) {
    assert.equal(outcome(environment, `ip('${text}')`), `error: IP Address "${text}" parse error during conversion from string: ParseAddr("${text}"): ${problem}`, text)
  }
  const prefixes: readonly (readonly [string, string])[] = [
    ['1.2.3.4', "no '/'"], ['1.2.3/8', 'ParseAddr("1.2.3"): IPv4 address too short'], ['1.2.3.4/33', 'prefix length out of range'], ['::/129', 'prefix length out of range'],
    ['1.2.3.4/08', 'bad bits after slash: "08"'], ['1.2.3.4/x', 'bad bits after slash: "x"'], ['fe80::1%a/64', 'IPv6 zones cannot be present in a prefix'],
  ]
  for (const [text, problem] of prefixes) {
    assert.equal(outcome(environment, `cidr('${text}')`), `error: network address parse error during conversion from string: netip.ParsePrefix("${text}"): ${problem}`, text)
  }
})

test('every match of a pattern, as Go counts them', () => {
  assertTruths(environment, [
    "'abc'.findAll('b*') == ['', 'b', '']", "'123 abc 456'.findAll('[0-9]*') == ['123', '', '', '', '', '456']", "''.findAll('a*') == ['']", "'aab'.findAll('a*', 1) == ['aa']",
  ])
})

test('semantic versions', () => {
  assertTruths(kubernetesEnvironment({ version: '1.33' }), [
    "semver('1.2.3').compareTo(semver('1.2.3')) == 0", "semver('1.2.3').isLessThan(semver('1.10.0'))", "semver('1.0.0').isGreaterThan(semver('1.0.0-rc.1'))",
    "semver('1.0.0-alpha.2').isLessThan(semver('1.0.0-alpha.10'))", "semver('1.0.0-1').isLessThan(semver('1.0.0-a'))", "semver('1.0.0+a') == semver('1.0.0+b')",
    "semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3",
    "isSemver('1.0.0')", "!isSemver('v1.0')", "isSemver('v1.0', true)", "semver('01.01.01', true) == semver('1.1.1')", "!isSemver('1')", "!isSemver('1.0-rc', true)",
  ])
})

test('the authorizer is asked through its port', () => {
  const asked: AuthorizationQuestion[] = []
  const port = {
    decide: (question: AuthorizationQuestion) => {
      asked.push(question)
      return { allowed: question.verb === 'get', reason: 'because', error: question.verb === 'fail' ? 'broken' : '' }
    },
  }
  const withAuthorizer = kubernetesEnvironment({ version: '1.32', variables: { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType } })
  const request = { group: 'apps', resource: 'deployments', subresource: '', namespace: 'ns', name: 'web' }
  const input = { authorizer: authorizerValue(port), 'authorizer.requestResource': requestResourceValue(port, request) }
  assertTruths(withAuthorizer, [
    "authorizer.group('').resource('pods').namespace('default').name('p').subresource('log').check('get').allowed()",
    "!authorizer.path('/healthz').check('post').allowed()", "authorizer.path('/healthz').check('get').reason() == 'because'",
    "authorizer.serviceAccount('ns', 'sa').group('apps').resource('deployments').labelSelector('a=b').check('get').allowed()",
    "authorizer.requestResource.check('fail').errored() && authorizer.requestResource.check('fail').error() == 'broken'",
  ], input)
  assert.deepEqual(asked[0], {
    serviceAccount: undefined,
    verb: 'get',
    about: { kind: 'resource', group: '', resource: 'pods', subresource: 'log', namespace: 'default', name: 'p', fieldSelector: undefined, labelSelector: undefined },
  })
  assert.deepEqual(asked[3]?.serviceAccount, { namespace: 'ns', name: 'sa' })
  assertErrors(withAuthorizer, [
    ["authorizer.path(' ')", /error: path must not be empty/],
    ["authorizer.group('').resource('')", /error: resource must not be empty/],
    ["authorizer.serviceAccount('No', 'sa')", /error: Invalid service account namespace/],
    ["[1, 2, 3].map(x, authorizer.path('/x').check('get')).size() > 0", /error: operation cancelled: actual cost limit exceeded/],
  ], input)
})
