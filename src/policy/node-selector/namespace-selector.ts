import type { Labels } from '../../objects/label-selector.ts'

/** a=b,c=d; undefined where the text is no list of labels. */
export function parseLabels(text: string): Labels | undefined {
  const labels: Record<string, string> = {}
  for (const part of text.split(',').map((each) => each.trim()).filter((each) => each !== '')) {
    const [name, value, ...more] = part.split('=')
    if (name === undefined || value === undefined || more.length > 0) return undefined
    labels[name.trim()] = value.trim()
  }
  return labels
}

/** Whether both name a label with different values. */
export function conflict(a: Labels, b: Labels): boolean {
  return Object.keys(a).some((name) => b[name] !== undefined && b[name] !== a[name])
}

/** Whether everything that is asked for is allowed; no list allows everything. */
export function isWithin(labels: Labels, allowed: Labels): boolean {
  return Object.keys(allowed).length === 0 || Object.entries(labels).every(([name, value]) => allowed[name] === value)
}
