import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getComprehensionSuite, getParsingSuite } from '@bufbuild/cel-spec/testdata/tests.js'
import { compile } from './compile.ts'
import { createEnvironment, type Library } from './environment.ts'
import { bindingsLibrary } from './library/bindings.ts'
import { blockLibrary } from './library/block.ts'
import { encodersLibrary } from './library/encoders.ts'
import { listsLibrary } from './library/lists.ts'
import { mathLibrary } from './library/math.ts'
import { optionalTypesLibrary } from './library/optional-types.ts'
import { protoExtensionsLibrary } from './library/proto-extensions.ts'
import { standardLibrary } from './library/standard.ts'
import { stringsLibrary } from './library/strings.ts'
import { twoVariableLibrary } from './library/two-variable-comprehensions.ts'
import { kindText } from './debug-text.testing.ts'
import { MacroTable } from './macro.ts'
import { parse } from './parser.ts'
import { formatIssues } from './source.ts'
import { checkFault, conformanceCases, evaluationFault, parseFault, type SpecCase } from './spec-cases.testing.ts'
import { specExceptions } from './spec-exceptions.testing.ts'
import { standardMacros } from './standard-macros.ts'

const cases = conformanceCases()
const shared: readonly Library[] = [
  standardLibrary, bindingsLibrary, encodersLibrary, mathLibrary, stringsLibrary, optionalTypesLibrary, protoExtensionsLibrary,
]
const all: readonly Library[] = [...shared, blockLibrary, twoVariableLibrary]
// The checked trees were made where only these two macros of the block library were known.
const checking: readonly Library[] = [
  ...shared,
  { ...blockLibrary, macros: (blockLibrary.macros ?? []).filter(({ name }) => name === 'block' || name === 'index') },
]

const REQUIRED_SHARE = 0.99

/** Runs every case; what fails must be listed, what is listed must fail. */
function judge(fault: (spec: SpecCase) => string | undefined, exceptions: Readonly<Record<string, string>>): void {
  const faults = new Map(cases.flatMap((spec) => {
    const found = fault(spec)
    return found === undefined ? [] : [[spec.name, found] as const]
  }))
  const unexpected = [...faults].filter(([name]) => exceptions[name] === undefined)
  assert.deepEqual(unexpected.map(([name, found]) => `${name}: ${found}`), [])
  assert.deepEqual(Object.keys(exceptions).filter((name) => !faults.has(name)), [], 'these cases pass: take them off the list')
  const counted = cases.filter((spec) => !spec.needsProto2)
  const passed = counted.filter((spec) => !faults.has(spec.name)).length
  assert.ok(passed / counted.length >= REQUIRED_SHARE, `${passed} of ${counted.length} pass`)
}

test('there are all cases of the specification', () => {
  assert.equal(cases.length, 2344)
})

test('the specification: syntax trees', () => judge(parseFault, {}))

test('the specification: types and references', () => judge((spec) => checkFault(spec, checking), specExceptions.check))

test('the specification: evaluation', () => judge((spec) => evaluationFault(spec, all), specExceptions.evaluation))

test("the syntax trees of cel-go's own parser tests", () => {
  const options = { macros: new MacroTable(standardMacros), optionalSyntax: false, quotedFields: false }
  // Our limits of nesting are wider, and existsOne with one variable is newer than what Kubernetes has.
  const suite = getParsingSuite().tests.filter(({ original, error }) => !/recursion/.test(error ?? '') && !/existsOne/.test(original.expr))
  const wrong = suite.filter(({ ast, original }) => {
    const parsed = parse(original.expr, options)
    return ast === undefined ? parsed.ok : !parsed.ok || kindText(parsed.parsed.expr) !== ast
  })
  assert.deepEqual(wrong.map(({ original }) => original.expr), [])
})

test("cel-go's own two-variable comprehensions hold", () => {
  const environment = createEnvironment({ libraries: [...all, listsLibrary] })
  const wrong = getComprehensionSuite().suites.concat(getComprehensionSuite()).flatMap((suite) => suite.tests).flatMap(({ original }) => {
    const compiled = compile(environment, original.expr)
    if (!compiled.ok) return /undeclared|must be|identifier|overload|expected|duplicate|overwrites|comprehension/.test(formatIssues('', compiled.issues)) ? [] : [original.expr]
    const outcome = compiled.program.evaluate({})
    return outcome.ok && outcome.value === false ? [original.expr] : []
  })
  assert.deepEqual(wrong, [])
})
