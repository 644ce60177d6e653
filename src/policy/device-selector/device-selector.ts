import { forbiddenField, invalidValue, type FieldError } from '../../objects/field-error.ts'
import type { Expression } from '../../resources/expression.ts'
import { compile } from '../cel/compile.ts'
import { estimateCost, type SizeHints } from '../cel/cost-estimate.ts'
import type { Environment } from '../cel/environment.ts'
import { kubernetesEnvironment } from '../cel/kubernetes-environment.ts'
import { bindingsLibrary } from '../cel/library/bindings.ts'
import { semverLibrary } from '../cel/library/semver.ts'
import { noTypes, type TypeProvider } from '../cel/object-type.ts'
import { jsonField, jsonObjectType } from '../cel/openapi-types.ts'
import { formatIssues } from '../cel/source.ts'
import { anyType, formatType, mapType, objectType, opaqueType, stringType, type Type } from '../cel/types.ts'
import { wrapOf } from '../cel/wrap.ts'

const DEVICE = 'kubernetes.DRADevice'
/** device.attributes['gpu.example.com'].model: by the domain, then by the name. */
const FIELDS: Readonly<Record<string, Type>> = {
  driver: stringType,
  attributes: mapType(stringType, mapType(stringType, anyType)),
  capacity: mapType(stringType, mapType(stringType, opaqueType('kubernetes.Quantity'))),
}
/** As many attributes and capacities a device may have. */
const MAX_FACTS = 32
const MAX_COST = 1_000_000

/** The expressions by which claims and classes choose devices (KEP-4381), as Kubernetes 1.32 has them. */
export function deviceEnvironment(): Environment {
  const fields = new Map(Object.entries(FIELDS).map(([name, type]) => [name, jsonField(name, type, wrapOf(type, noTypes))]))
  const device = jsonObjectType(DEVICE, fields, new Set(Object.keys(FIELDS)))
  const provider: TypeProvider = {
    objectType: (name) => (name === DEVICE ? device : undefined), namedType: () => undefined, constant: () => undefined,
  }
  return kubernetesEnvironment({
    version: '1.32', variables: { device: objectType(DEVICE) }, types: provider, more: [semverLibrary, bindingsLibrary],
  })
}

/** What is wrong with such an expression; undefined: nothing. */
export function deviceSelectorProblem(environment: Environment, { path, text }: Expression): FieldError | undefined {
  const compiled = compile(environment, text)
  if (!compiled.ok) return invalidValue(path, text, `compilation failed: ${formatIssues(text, compiled.issues)}`)
  const { type, checked } = compiled.program
  if (type.kind !== 'bool' && type.kind !== 'any') {
    return invalidValue(path, text, `must evaluate to bool or the unknown type, not ${formatType(type)}`)
  }
  return estimateCost(checked, sizes).max > MAX_COST ? forbiddenField(path, 'too complex, exceeds cost limit') : undefined
}

const sizes: SizeHints = ([variable, field, ...steps]) => {
  const isMap = variable === 'device' && (field === 'attributes' || field === 'capacity') && steps.length <= 1
  return isMap && steps[0] !== '@keys' ? { min: 0, max: MAX_FACTS } : undefined
}
