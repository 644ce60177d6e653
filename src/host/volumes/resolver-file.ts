import type { ResolverConfig } from '../../node/volumes/volume-host.ts'

/** What a resolv.conf says; of several search lines the last one counts. */
export function parseResolver(text: string): ResolverConfig {
  const servers: string[] = []
  const options: string[] = []
  let searches: string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/)
    if (keyword === 'nameserver' && words[0] !== undefined) servers.push(words[0])
    else if (keyword === 'search') searches = words.map((word) => (word === '.' ? word : word.replace(/\.$/, '')))
    else if (keyword === 'options') options.push(...words)
  }
  return { servers, searches, options }
}
