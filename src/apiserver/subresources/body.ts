import type { ObjectCall } from '../route.ts'

/** The body as its generated type: the pipeline has checked it against the route's schema before the handler runs. */
export function bodyOf<T extends object>({ body }: Pick<ObjectCall, 'body'>): T {
  const decoded: object = body
  return decoded as T
}
