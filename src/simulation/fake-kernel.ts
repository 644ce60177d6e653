import type { RuleApplier } from '../network/service-proxy.ts'

const ELEMENT = /^(add|delete) element ip (\S+) (\S+) \{ (.*) \}$/

/** The nft table of one node as far as its elements go. Strict as the real one: a script applies as a whole or fails. */
export class FakeKernel implements RuleApplier {
  #containers = new Map<string, Map<string, string>>()

  async apply(script: string): Promise<void> {
    const draft = script.startsWith('table ip') ? new Map<string, Map<string, string>>() : copy(this.#containers)
    for (const line of script.split('\n')) {
      const match = ELEMENT.exec(line)
      if (match === null) continue
      const [, verb = '', , container = '', elements = ''] = match
      change(draft, verb, container, elements.split(', '))
    }
    this.#containers = draft
  }

  async forgetUdpFlows(): Promise<void> {}

  /** As after a boot. */
  clear(): void {
    this.#containers = new Map()
  }

  /** container key : value, in order. */
  elements(): readonly string[] {
    return [...this.#containers]
      .flatMap(([container, elements]) => [...elements].map(([key, value]) => `${container} ${key} : ${value}`))
      .sort()
  }
}

function change(draft: Map<string, Map<string, string>>, verb: string, container: string, elements: readonly string[]): void {
  const inContainer = draft.get(container) ?? new Map<string, string>()
  draft.set(container, inContainer)
  for (const element of elements) {
    const [key = '', value = ''] = element.split(' : ')
    const known = inContainer.get(key)
    if (verb === 'delete' && !inContainer.delete(key)) throw new Error(`No such file or directory: ${container} ${key}`)
    if (verb === 'add' && known !== undefined && known !== value) throw new Error(`File exists: ${container} ${key}`)
    if (verb === 'add') inContainer.set(key, value)
  }
}

function copy(containers: ReadonlyMap<string, ReadonlyMap<string, string>>): Map<string, Map<string, string>> {
  return new Map([...containers].map(([container, elements]) => [container, new Map(elements)]))
}
