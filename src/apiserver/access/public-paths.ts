import type { PromptAuthorizer } from '../access.ts'

const PUBLIC: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz'])

/** Whether the server lives may be asked before any role exists, by anyone. */
export const publicPaths: PromptAuthorizer = {
  authorize: (_user, info) => ({ allowed: !info.isResource && info.verb === 'get' && PUBLIC.has(info.path), reason: '' }),
}
