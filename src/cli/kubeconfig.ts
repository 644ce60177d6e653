import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { dump, load } from 'js-yaml'
import { isObject } from '../objects/json.ts'
import { thrownMessage } from '../words/thrown.ts'
import { writeWhole } from './whole-file.ts'

/** The parts of a kubeconfig that Lotse writes. Everything else in the file is kept as it is. */
export interface Access {
  readonly contextName: string
  readonly server: string
  readonly certificateAuthority: string
  readonly clientCertificate: string
  readonly clientKey: string
}

interface Named {
  name: string
  [field: string]: unknown
}

interface Kubeconfig {
  apiVersion: string
  kind: string
  clusters: Named[]
  users: Named[]
  contexts: Named[]
  'current-context': string
  [field: string]: unknown
}

const LOCK_TRIES = 50
const LOCK_WAIT_MS = 100

/** $KUBECONFIG's first file, or ~/.kube/config: where kubectl itself would write. */
export function kubeconfigPath(environment: NodeJS.ProcessEnv): string {
  const first = (environment['KUBECONFIG'] ?? '').split(delimiter).find((path) => path !== '')
  return first ?? join(environment['HOME'] ?? homedir(), '.kube/config')
}

/** A kubeconfig for this cluster alone. */
export function standalone(access: Access): string {
  return dump(withAccess(empty(), access), { lineWidth: -1 })
}

/** Adds or replaces this cluster's entries and makes its context the current one. */
export async function merge(path: string, access: Access): Promise<void> {
  await change(path, (config) => withAccess(config, access))
}

/**
 * Puts the new certificate where isFormer says that one of this cluster's former ones is; resolves to whether it was there. What somebody
 * has made of the entry since is not touched, nor is the file where there is nothing to change.
 */
export async function renewCertificate(path: string, access: Access, isFormer: (certificatePem: string) => boolean): Promise<boolean> {
  const isMeant = ({ name, user }: Named): boolean => {
    const data = isObject(user) ? user['client-certificate-data'] : undefined
    return name === access.contextName && typeof data === 'string' && isFormer(Buffer.from(data, 'base64').toString())
  }
  if (!existsSync(path) || !read(path).users.some(isMeant)) return false
  await change(path, (config) => ({
    ...config,
    users: config.users.map((entry) => {
      if (!isMeant(entry) || !isObject(entry['user'])) return entry
      return { ...entry, user: { ...entry['user'], ...certificateData(access) } }
    }),
  }))
  return true
}

/** Takes out this cluster's entries and nothing else; resolves to whether there were any. */
export async function remove(path: string, contextName: string): Promise<boolean> {
  if (!existsSync(path)) return false
  let found = false
  await change(path, (config) => {
    found = config.contexts.some((context) => context.name === contextName)
    const without = (list: Named[]): Named[] => list.filter((entry) => entry.name !== contextName)
    const current = config['current-context'] === contextName ? '' : config['current-context']
    return {
      ...config,
      clusters: without(config.clusters),
      users: without(config.users),
      contexts: without(config.contexts),
      'current-context': current,
    }
  })
  return found
}

function empty(): Kubeconfig {
  return { apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts: [], 'current-context': '' }
}

function withAccess(config: Kubeconfig, access: Access): Kubeconfig {
  const name = access.contextName
  const replaced = (list: Named[], entry: Named): Named[] => [...list.filter((other) => other.name !== name), entry]
  return {
    ...config,
    clusters: replaced(config.clusters, {
      name,
      cluster: { server: access.server, 'certificate-authority-data': base64(access.certificateAuthority) },
    }),
    users: replaced(config.users, { name, user: certificateData(access) }),
    contexts: replaced(config.contexts, { name, context: { cluster: name, user: name } }),
    'current-context': name,
  }
}

function certificateData({ clientCertificate, clientKey }: Access): Record<string, string> {
  return { 'client-certificate-data': base64(clientCertificate), 'client-key-data': base64(clientKey) }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

async function change(path: string, edit: (config: Kubeconfig) => Kubeconfig): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // A link (dotfiles under version control) stays a link: its target is replaced.
  const target = existsSync(path) ? realpathSync(path) : path
  const unlock = await lock(`${target}.lock`)
  try {
    writeWhole(target, dump(edit(read(target)), { lineWidth: -1 }))
  } finally {
    unlock()
  }
}

function read(path: string): Kubeconfig {
  if (!existsSync(path)) return empty()
  let parsed: unknown
  try {
    parsed = load(readFileSync(path, 'utf8'))
  } catch (error) {
    const [problem] = thrownMessage(error).split('\n')
    throw new Error(`${path} is not valid YAML (${problem}); it was left as it is. Mend it, or set KUBECONFIG to another file.`)
  }
  if (parsed === undefined || parsed === null) return empty()
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw new Error(`${path} is not a kubeconfig; it was left as it is. Set KUBECONFIG to another file.`)
  }
  const config = { ...empty(), ...parsed }
  return { ...config, clusters: config.clusters ?? [], users: config.users ?? [], contexts: config.contexts ?? [] }
}

/** The lock file is the one that kubectl takes (client-go's clientcmd), so that both can write. */
async function lock(path: string): Promise<() => void> {
  for (let attempt = 0; attempt < LOCK_TRIES; attempt += 1) {
    try {
      closeSync(openSync(path, 'wx', 0o600))
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      await new Promise((resolve) => setTimeout(resolve, LOCK_WAIT_MS))
    }
  }
  throw new Error(
    `${path} has been there for ${(LOCK_TRIES * LOCK_WAIT_MS) / 1000} s: another program is changing the kubeconfig, or died while it did. `
    + 'If none is running, remove that file.'
  )
}
