/** k8s and a zero byte: what every such body starts with. Then a runtime.Unknown: the object's kind, and its bytes. */
export const MAGIC: Uint8Array = Uint8Array.of(0x6b, 0x38, 0x73, 0x00)

export const protobufType = 'application/vnd.kubernetes.protobuf'

/** Kinds that every group has in common. */
const META_KINDS: ReadonlySet<string> = new Set(['DeleteOptions', 'Status', 'PartialObjectMetadata', 'PartialObjectMetadataList'])

/** rbac.authorization.k8s.io/v1 Role -> rbac.v1.Role. Of the kinds in common the list of metadata alone has other numbers in its old version. */
export function schemaNameOf(apiVersion: string, kind: string): string {
  if (kind === 'PartialObjectMetadataList' && apiVersion === 'meta.k8s.io/v1beta1') return `meta.v1beta1.${kind}`
  if (META_KINDS.has(kind)) return `meta.v1.${kind}`
  const [first = '', second] = apiVersion.split('/')
  return second === undefined ? `core.${first}.${kind}` : `${first.split('.')[0] ?? ''}.${second}.${kind}`
}
