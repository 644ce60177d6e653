export type Labels = Readonly<Record<string, string>>

export interface Sample {
  /** What follows the family's name: _bucket, _sum, _count; mostly ''. */
  readonly suffix: string
  readonly labels: Labels
  readonly value: number
}

/** One metric with all its label values, as Prometheus reads it. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly Sample[]
}

/** Whoever counts something; asked when somebody reads /metrics. */
export type MetricSource = () => readonly MetricFamily[]

export function counter(name: string, help: string, samples: readonly (readonly [Labels, number])[]): MetricFamily {
  return { name, help, type: 'counter', samples: samples.map(plainSample) }
}

export function gauge(name: string, help: string, samples: readonly (readonly [Labels, number])[]): MetricFamily {
  return { name, help, type: 'gauge', samples: samples.map(plainSample) }
}

function plainSample([labels, value]: readonly [Labels, number]): Sample {
  return { suffix: '', labels, value }
}

/** Prometheus text format 0.0.4. */
export function expositionOf(families: readonly MetricFamily[]): string {
  const lines: string[] = []
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue
    lines.push(`# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`, `# TYPE ${name} ${type}`)
    for (const { suffix, labels, value } of samples) lines.push(`${name}${suffix}${labelText(labels)} ${numberText(value)}`)
  }
  lines.push('')
  return lines.join('\n')
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels)
  if (pairs.length === 0) return ''
  return `{${pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}

export function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
