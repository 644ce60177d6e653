import { admissionRequestSchema, namespaceSchema } from '../cel/admission-schemas.ts'
import { extendEnvironment, type Environment } from '../cel/environment.ts'
import { kubernetesEnvironment } from '../cel/kubernetes-environment.ts'
import { authorizerType, resourceCheckType } from '../cel/library/authorizer.ts'
import { firstProvider, type ObjectType, type TypeProvider } from '../cel/object-type.ts'
import { declareNativeSchema } from '../cel/openapi-types.ts'
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

export const REQUEST_RESOURCE = 'authorizer.requestResource'

/** The environments of admission expressions, as Kubernetes 1.32 has them; the parts that all share are made once. */
export class AdmissionEnvironments {
  readonly #base: Environment
  readonly #namespaceType: Type

  constructor() {
    const request = present(declareNativeSchema(admissionRequestSchema, 'kubernetes.AdmissionRequest'), 'the type of requests')
    const namespace = present(declareNativeSchema(namespaceSchema, 'kubernetes.Namespace'), 'the type of namespaces')
    this.#namespaceType = namespace.type
    this.#base = extendEnvironment(kubernetesEnvironment({ version: '1.32' }), {
      variables: { object: dynType, oldObject: dynType, request: request.type },
      types: firstProvider([request.provider, namespace.provider]),
    })
  }

  with({ hasParams, hasNamespace, hasAuthorizer, variables }: Named): Environment {
    const more: Record<string, Type> = {}
    if (hasParams) more['params'] = dynType
    if (hasNamespace) more['namespaceObject'] = this.#namespaceType
    if (hasAuthorizer) Object.assign(more, { authorizer: authorizerType, [REQUEST_RESOURCE]: resourceCheckType })
    if (variables === undefined) return extendEnvironment(this.#base, { variables: more })
    return extendEnvironment(this.#base, { variables: { ...more, variables: objectType(variables.name) }, types: providerOf(variables) })
  }
}

function providerOf(type: ObjectType): TypeProvider {
  return { objectType: (name) => (name === type.name ? type : undefined), namedType: () => undefined, constant: () => undefined }
}
