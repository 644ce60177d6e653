import { apiVersionOf } from '../../objects/kind.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { normalized, pruned } from '../../objects/structural/normalize.ts'
import { structuralOf, type Structural } from '../../objects/structural/structural-schema.ts'
import type { CustomResourceDefinition } from '../../resources/generated/types.ts'
import { present } from '../../words/assert.ts'
import type { Conversion } from '../resource-set.ts'

/** The forms that a definition's versions give to its objects. */
export class VersionForms {
  readonly #schemas: ReadonlyMap<string, Structural>

  constructor({ spec }: CustomResourceDefinition) {
    this.#schemas = new Map(
      spec.versions.map(({ name, schema }) => [apiVersionOf({ group: spec.group, version: name }), structuralOf(schema?.openAPIV3Schema)]),
    )
  }

  schema(kind: Pick<KindRef, 'group' | 'version'>): Structural {
    return present(this.#schemas.get(apiVersionOf(kind)), `the schema of version ${kind.version}`)
  }

  has(apiVersion: string): boolean {
    return this.#schemas.has(apiVersion)
  }

  /** A stored object as its own version describes it now: the same one where it is so already. */
  normal(object: KubeObject): KubeObject {
    const schema = this.#schemas.get(object.apiVersion)
    return schema === undefined ? object : normalized(schema, object)
  }

  /** What came out of a conversion, without what its version does not know. */
  pruned(object: KubeObject): KubeObject {
    const schema = this.#schemas.get(object.apiVersion)
    return schema === undefined ? object : pruned(schema, object)
  }

  /** The same object under the name of another version. */
  renamed(object: KubeObject, apiVersion: string): KubeObject {
    return object.apiVersion === apiVersion ? object : this.pruned({ ...object, apiVersion })
  }
}

/** Strategy None: the versions differ in their schemas, and objects in nothing but the version's name. */
export function plainConversion(forms: VersionForms, served: KindRef, stored: KindRef): Conversion {
  const [servedVersion, storedVersion] = [apiVersionOf(served), apiVersionOf(stored)]
  return {
    served, stored,
    toServed: (object) => forms.renamed(forms.normal(object), servedVersion),
    toStored: (object) => forms.renamed(object, storedVersion),
  }
}
