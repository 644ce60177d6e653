import type { KubeObject } from '../../objects/kube-object.ts'

/** How administrators mark the class that is taken where none is named. */
export const STORAGE_CLASS_MARKS: readonly string[] = [
  'storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class',
]
export const INGRESS_CLASS_MARKS: readonly string[] = ['ingressclass.kubernetes.io/is-default-class']

/** Of several that are marked the newest, so that a default can be replaced without a moment without one. */
export function defaultClassName(classes: readonly KubeObject[], marks: readonly string[]): string | undefined {
  return classes
    .filter(({ metadata }) => marks.some((mark) => metadata.annotations?.[mark] === 'true'))
    .sort((a, b) => newerFirst(a, b))[0]?.metadata.name
}

/** Times are written so that their order as text is their order. */
function newerFirst({ metadata: a }: KubeObject, { metadata: b }: KubeObject): number {
  const [first, second] = [a.creationTimestamp ?? '', b.creationTimestamp ?? '']
  if (first !== second) return first > second ? -1 : 1
  return (a.name ?? '') < (b.name ?? '') ? -1 : 1
}
