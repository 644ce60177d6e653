import { MAX_EVENT_LENGTH } from '../audit/audit-event.ts'
import { withoutManagedFields } from '../audit/audit-objects.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import { listForm, listTexts } from '../negotiate/list-form.ts'
import type { ResourceCall } from './http-call.ts'
import type { ListItems, ListParts } from './streamed-list.ts'

/**
 * Tells the trail which list is answered. A list that no event can hold is not gone through for it: what it has of one is given up as soon
 * as it is too long, and the event says so.
 */
export async function auditList(
  { clock, feed: { turns } }: ListParts, call: ResourceCall, trail: AuditTrail, items: ListItems,
): Promise<void> {
  const form = listForm(call, items.metadata, clock.now())
  const { before, between, after, itemOf } = listTexts(form, { format: 'json', pretty: false })
  const texts: string[] = []
  let length = before.length + after.length
  for (let index = 0; index < items.length; index++) {
    const item = form.itemOf(items.at(index).object)
    const text = itemOf(trail.omitsManagedFields ? bareItem(form.member, item) : item)
    texts.push(text)
    length += text.length + between.length
    if (length > MAX_EVENT_LENGTH) return trail.answerIsTooLong()
    if (turns.isOver()) await turns.next()
  }
  trail.answerIs(before + texts.join(between) + after)
}

function bareItem(member: 'items' | 'rows', item: object): object {
  const list = withoutManagedFields({ [member]: [item] }) as { readonly [member: string]: readonly object[] }
  return list[member]?.[0] ?? item
}
