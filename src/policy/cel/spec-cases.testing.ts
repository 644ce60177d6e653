import { getTestRegistry } from '@bufbuild/cel-spec/testdata/registry.js'
import { getConformanceSuite, type IncrementalTest, type IncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js'
import { formatCELType } from '@bufbuild/cel-spec/testdata/to-debug-string.js'
import { check } from './checker.ts'
import { compile, compileUnchecked } from './compile.ts'
import { checkedText, kindText } from './debug-text.testing.ts'
import { mergeDeclarations } from './declaration.ts'
import { createEnvironment, type Environment, type Library } from './environment.ts'
import { MacroTable } from './macro.ts'
import { parse } from './parser.ts'
import { protobufTypes, type ProtobufTypes } from './protobuf-types.testing.ts'
import { formatIssues } from './source.ts'
import { sameValue, specDeclarations, specValue } from './spec-values.testing.ts'
import { strongEnumFunctions, strongEnumTypes } from './strong-enums.testing.ts'
import { standardMacros } from './standard-macros.ts'
import { formatType, type Type } from './types.ts'
import type { Value } from './values.ts'

export interface SpecCase {
  /** conformance/lists/in/singleton */
  readonly name: string
  readonly suite: string
  readonly needsProto2: boolean
  readonly test: IncrementalTest
}

export function conformanceCases(): SpecCase[] {
  return flatten(getConformanceSuite(), [])
}

function flatten(suite: IncrementalTestSuite, path: readonly string[]): SpecCase[] {
  const inner = suite.suites.flatMap((child) => flatten(child, [...path, child.name]))
  const own = suite.tests.map((test) => ({
    name: [...path, test.name].join('/'),
    suite: path[0] ?? '',
    needsProto2: needsProto2(test, path),
    test,
  }))
  return [...own, ...inner]
}

function needsProto2(test: IncrementalTest, path: readonly string[]): boolean {
  const { container, expr, typeEnv } = test.original
  const withoutBigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? 0 : value)
  return /proto2/.test(`${path.join('/')} ${container} ${expr} ${JSON.stringify(typeEnv, withoutBigints)}`)
}

const registry = getTestRegistry()
const legacy = protobufTypes(registry, { strongEnums: false })
const strong = protobufTypes(registry, { strongEnums: true })

function typesOf(spec: SpecCase): ProtobufTypes {
  return spec.name.includes('/strong_proto') ? strong : legacy
}

/** Environments are made once for each set of libraries; a case adds its variables and functions. */
const bases = new WeakMap<readonly Library[], Environment>()

function baseOf(libraries: readonly Library[]): Environment {
  const known = bases.get(libraries)
  if (known !== undefined) return known
  const base = createEnvironment({ libraries, quotedFields: true })
  bases.set(libraries, base)
  return base
}

function environmentOf(spec: SpecCase, libraries: readonly Library[], boundNames: readonly string[]): Environment {
  const types = typesOf(spec)
  const { original } = spec.test
  const { variables, functions } = specDeclarations(types, original.typeEnv)
  const undeclared = boundNames.filter((name) => variables[name] === undefined)
  const all = { ...variables, ...Object.fromEntries(undeclared.map((name): [string, Type] => [name, { kind: 'dyn' }])) }
  const base = baseOf(libraries)
  const added = types.strongEnums ? [...functions, ...strongEnumFunctions(registry)] : functions
  return {
    ...base,
    variables: new Map(Object.entries(all)),
    functions: added.length === 0 ? base.functions : mergeDeclarations([...base.functions.values(), ...added]),
    types: types.provider,
    namedTypes: types.strongEnums ? new Map([...base.namedTypes, ...strongEnumTypes(registry)]) : base.namedTypes,
    container: original.container,
    macros: original.disableMacros ? new MacroTable([]) : base.macros,
  }
}

/** What is wrong with the outcome; undefined when the case passes. */
export function evaluationFault(spec: SpecCase, libraries: readonly Library[]): string | undefined {
  const { original } = spec.test
  const environment = environmentOf(spec, libraries, Object.keys(original.bindings))
  const compiled = original.disableCheck ? compileUnchecked(environment, original.expr) : compile(environment, original.expr)
  const { resultMatcher } = original
  if (!compiled.ok) return `does not compile: ${formatIssues(original.expr, compiled.issues)}`
  if (resultMatcher.case === 'typedResult') {
    const wanted = formatCELType(resultMatcher.value.deducedType)
    const found = formatType(compiled.program.type)
    if (wanted !== found) return `type ${found}, expected ${wanted}`
  }
  if (original.checkOnly) return undefined
  const types = typesOf(spec)
  const input = Object.fromEntries(Object.entries(original.bindings).map(([name, binding]): [string, Value] => [
    name, specValue(types, binding.kind.case === 'value' ? binding.kind.value : undefined),
  ]))
  const outcome = compiled.program.evaluate(input)
  if (resultMatcher.case === 'evalError') return outcome.ok ? `no error, but ${show(outcome.value)}` : undefined
  if (!outcome.ok) return `error: ${outcome.error.message}`
  const wanted = expectedValue(types, resultMatcher)
  return sameValue(outcome.value, wanted) ? undefined : `${show(outcome.value)}, expected ${show(wanted)}`
}

function expectedValue(types: ProtobufTypes, matcher: SpecCase['test']['original']['resultMatcher']): Value {
  switch (matcher.case) {
    case 'value': return specValue(types, matcher.value)
    case 'typedResult': return specValue(types, matcher.value.result)
    // A case that says nothing means true.
    default: return true
  }
}

function show(value: Value): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner))?.slice(0, 300) ?? ''
}

/** The trees of the cases were made with the standard macros only. */
export function parseFault(spec: SpecCase): string | undefined {
  const { ast, original, error } = spec.test
  const macros = new MacroTable(original.disableMacros ? [] : standardMacros)
  const parsed = parse(original.expr, { macros, optionalSyntax: false, quotedFields: false })
  // Brackets that cel-go's default limit refuses are within ours.
  if (ast === undefined) return parsed.ok && !/recursion limit/.test(error ?? '') ? 'parsed, but should not' : undefined
  if (!parsed.ok) return formatIssues(original.expr, parsed.issues)
  const text = kindText(parsed.parsed.expr)
  return text === ast ? undefined : `tree differs:\n${text}\nexpected:\n${ast}`
}

/** The types and references that cel-go's checker found. */
export function checkFault(spec: SpecCase, libraries: readonly Library[]): string | undefined {
  const { checkedAst, type, original, error } = spec.test
  const environment = environmentOf({ ...spec, name: '' }, libraries, [])
  const parsed = parse(original.expr, { ...environment, optionalSyntax: false, quotedFields: false })
  if (!parsed.ok) return checkedAst === undefined ? undefined : formatIssues(original.expr, parsed.issues)
  const { checked, issues } = check(parsed.parsed, environment)
  if (checkedAst === undefined) return issues.length > 0 ? undefined : `no issue, but: ${error ?? ''}`
  if (issues.length > 0) return formatIssues(original.expr, issues)
  // Where the case itself says another type than cel-go found, the case is right, and evaluationFault() looks at it.
  const said = original.resultMatcher.case === 'typedResult' ? formatCELType(original.resultMatcher.value.deducedType) : type
  if (said !== type) return undefined
  if (type !== undefined && formatType(checked.type) !== type) return `type ${formatType(checked.type)}, expected ${type}`
  const text = checkedText(checked)
  return text === checkedAst ? undefined : `checked tree differs:\n${text}\nexpected:\n${checkedAst}`
}
