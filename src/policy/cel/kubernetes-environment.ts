import { createEnvironment, type Environment, type Library } from './environment.ts'
import { authorizerLibrary, authorizerSelectorsLibrary } from './library/authorizer.ts'
import { cidrLibrary } from './library/cidr.ts'
import { formatsLibrary } from './library/formats.ts'
import { ipLibrary } from './library/ip.ts'
import { kubernetesListsLibrary } from './library/kubernetes-lists.ts'
import { optionalTypesLibrary } from './library/optional-types.ts'
import { quantityLibrary } from './library/quantity.ts'
import { regexLibrary } from './library/regex.ts'
import { semverLibrary } from './library/semver.ts'
import { setsLibrary } from './library/sets.ts'
import { standardLibrary } from './library/standard.ts'
import { stringsLibrary2 } from './library/strings.ts'
import { twoVariableLibrary } from './library/two-variable-comprehensions.ts'
import { urlsLibrary } from './library/urls.ts'
import type { TypeProvider } from './object-type.ts'
import type { Type } from './types.ts'

/** Kubernetes minor versions whose set of functions can be asked for. */
export type KubernetesVersion = '1.32' | '1.33'

/** The minor version that brought each library; without one it is older than 1.32. */
const libraries: readonly { readonly library: Library; readonly since?: number }[] = [
  { library: standardLibrary },
  { library: urlsLibrary },
  { library: regexLibrary },
  { library: kubernetesListsLibrary },
  { library: authorizerLibrary },
  { library: optionalTypesLibrary },
  { library: quantityLibrary },
  { library: stringsLibrary2 },
  { library: setsLibrary },
  { library: ipLibrary },
  { library: cidrLibrary },
  { library: formatsLibrary },
  { library: authorizerSelectorsLibrary },
  { library: twoVariableLibrary },
  { library: semverLibrary, since: 33 },
]

export interface KubernetesEnvironmentOptions {
  readonly version: KubernetesVersion
  readonly variables?: Readonly<Record<string, Type>>
  readonly types?: TypeProvider
  /** Beyond those that all expressions have. */
  readonly more?: readonly Library[]
}

/** What expressions of that Kubernetes version can use; a function that came later is not declared. */
export function kubernetesEnvironment(options: KubernetesEnvironmentOptions): Environment {
  const minor = Number(options.version.slice(2))
  return createEnvironment({
    libraries: [
      ...libraries.filter(({ since }) => since === undefined || since <= minor).map(({ library }) => library),
      ...(options.more ?? []),
    ],
    variables: options.variables ?? {},
    ...(options.types === undefined ? {} : { types: options.types }),
    homogeneousLiterals: true,
    crossTypeComparisons: true,
    checkLiterals: true,
  })
}
