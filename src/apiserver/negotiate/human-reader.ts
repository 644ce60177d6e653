import type { ServerRequest } from '../http.ts'

/**
 * Whether the answer is broken into indented lines: as ?pretty= says, or, where it says nothing, because somebody looks at it
 * (the documentation of the parameter: browsers, curl and wget).
 */
export function wantsLines({ headers }: Pick<ServerRequest, 'headers'>, query: URLSearchParams): boolean {
  const asked = query.get('pretty') ?? ''
  return asked === '' ? isOfHuman(headers['user-agent']) : TRUE.has(asked)
}

/** As Go reads a boolean; whatever else is said is a no. */
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])

function isOfHuman(agent: string | undefined): boolean {
  return agent !== undefined && (agent.startsWith('curl') || agent.startsWith('Wget') || agent.startsWith('Mozilla/5.0'))
}
