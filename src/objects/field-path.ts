/**
 * Paths of fields as errors and users write them: spec.containers[0].ports[1].name, metadata.labels[example.com/x].
 * They are plain strings, built only where something is wrong.
 */
export function childPath(path: string, ...names: readonly string[]): string {
  const tail = names.join('.')
  return path === '' ? tail : `${path}.${tail}`
}

export function indexPath(path: string, index: number): string {
  return `${path}[${index}]`
}

export function keyPath(path: string, key: string): string {
  return `${path}[${key}]`
}
