import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { StatusError } from '../words/status-error.ts'
import type { Client, ListOptions, ObjectList } from './client.ts'

const PAGE_SIZE = 500

/** The pages of a list, all of one revision. Throws StatusError 410 when that revision is compacted before the last page is read. */
async function* listPages<T extends KubeObject>(
  client: Client,
  kind: KindRef<T>,
  options: ListOptions = {}
): AsyncGenerator<ObjectList<T>> {
  let page = await client.list(kind, { limit: PAGE_SIZE, ...options })
  yield page
  while (page.continueToken !== '') {
    // The token stands for the revision: asking for another one along with it is an error.
    const { resourceVersion: _, ...rest } = options
    page = await client.list(kind, { limit: PAGE_SIZE, ...rest, continueToken: page.continueToken })
    yield page
  }
}

/** All pages as one list. When its revision goes away meanwhile, it is read once more, whole. */
export async function listAll<T extends KubeObject>(client: Client, kind: KindRef<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
  try {
    const items: T[] = []
    let resourceVersion = ''
    for await (const page of listPages(client, kind, options)) {
      for (const item of page.items) items.push(item)
      resourceVersion = page.resourceVersion
    }
    return { items, resourceVersion, continueToken: '' }
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 410) throw error
    const { limit: _, continueToken: _token, ...rest } = options
    return client.list(kind, rest)
  }
}
