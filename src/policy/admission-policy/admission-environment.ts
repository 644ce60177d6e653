import { admissionRequestSchema, namespaceSchema } from '../cel/admission-schemas.ts'
import { extendEnvironment, type Environment } from '../cel/environment.ts'
import { kubernetesEnvironment } from '../cel/kubernetes-environment.ts'
import { authorizerType, resourceCheckType } from '../cel/library/authorizer.ts'
import { firstProvider, type ObjectType, type TypeProvider } from '../cel/object-type.ts'
import { declareNativeSchema } from '../cel/openapi-types.ts'
import { jsonPatchLibrary, mutationTypes } from '../cel/mutation-types.ts'
import { dynType, objectType, type Type } from '../cel/types.ts'
import { present } from '../../words/assert.ts'

/** What an expression about a request may name beside object, oldObject and request. */
export interface Named {
  readonly hasParams: boolean
  readonly hasNamespace: boolean
  readonly hasAuthorizer: boolean
  /** The type of `variables`; undefined: there are none. */
  readonly variables: ObjectType | undefined
}

export interface TypedVariables {
  readonly object: Type
  readonly params: Type | undefined
  /** Where their types are declared. */
  readonly types: TypeProvider
}

export const REQUEST_RESOURCE = 'authorizer.requestResource'

/** The environments of admission expressions, as Kubernetes 1.32 has them; the parts that all share are made once. */
export class AdmissionEnvironments {
  readonly #base: Environment
  readonly #variables: Readonly<Record<string, Type>>
  readonly #types: TypeProvider
  readonly #namespaceType: Type
  /** Few clusters have a policy that changes anything. */
  #mutating: Environment | undefined

  constructor() {
    const request = present(declareNativeSchema(admissionRequestSchema, 'kubernetes.AdmissionRequest'), 'the type of requests')
    const namespace = present(declareNativeSchema(namespaceSchema, 'kubernetes.Namespace'), 'the type of namespaces')
    this.#namespaceType = namespace.type
    this.#variables = { object: dynType, oldObject: dynType, request: request.type }
    this.#types = firstProvider([request.provider, namespace.provider])
    this.#base = extendEnvironment(kubernetesEnvironment({ version: '1.32' }), { variables: this.#variables, types: this.#types })
  }

  with(named: Named): Environment {
    return this.#extended(this.#base, named)
  }

  /** With the types that patches are built of: Object, Object.spec, JSONPatch. */
  forMutations(named: Named): Environment {
    this.#mutating ??= extendEnvironment(
      kubernetesEnvironment({ version: '1.32', more: [jsonPatchLibrary] }),
      { variables: this.#variables, types: firstProvider([this.#types, mutationTypes]) },
    )
    return this.#extended(this.#mutating, named)
  }

  /** For the check of types: what is asked about is of a kind that is known. Undefined types are dynamic. */
  typed(named: Named, { object, params, types }: TypedVariables): Environment {
    const variables = { object, oldObject: object, ...(params === undefined ? {} : { params }) }
    return extendEnvironment(this.#extended(this.#base, named), { variables, types })
  }

  #extended(base: Environment, { hasParams, hasNamespace, hasAuthorizer, variables }: Named): Environment {
    const more: Record<string, Type> = {}
    if (hasParams) more['params'] = dynType
    if (hasNamespace) more['namespaceObject'] = this.#namespaceType
    if (hasAuthorizer) Object.assign(more, { authorizer: authorizerType, [REQUEST_RESOURCE]: resourceCheckType })
    if (variables === undefined) return extendEnvironment(base, { variables: more })
    return extendEnvironment(base, { variables: { ...more, variables: objectType(variables.name) }, types: providerOf(variables) })
  }
}

function providerOf(type: ObjectType): TypeProvider {
  return { objectType: (name) => (name === type.name ? type : undefined), namedType: () => undefined, constant: () => undefined }
}
