import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ContactRef } from '../contact.ts'
import { ContactList, ListDescription, ListName } from '../list.ts'
import type { ContactLists } from '../lists-service.ts'

type Context = OperationContext<{ contactLists: ContactLists }>

const AT_ONCE_MAX = 1_000
const Named = z.array(ContactRef).min(1).max(AT_ONCE_MAX)

export const createList = defineOperation({
  id: 'lists.create',
  method: 'POST',
  path: '/v1/lists',
  summary: 'Make a list of contacts',
  scope: 'contacts:write',
  risk: 'write',
  audit: 'list.created',
  faults: ['invalid_request', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({ name: ListName, description: ListDescription.optional() }),
  output: ContactList,
  handle: (context: Context, input) => context.services.contactLists.create(context, input),
})

export const updateList = defineOperation({
  id: 'lists.update',
  method: 'PATCH',
  path: '/v1/lists/{listId}',
  summary: 'Change the name or description of a list',
  scope: 'contacts:write',
  risk: 'write',
  audit: 'list.changed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({
    listId: z.string(),
    name: ListName.optional(),
    description: ListDescription.nullable().optional(),
  }),
  output: ContactList,
  handle: (context: Context, { listId, ...change }) =>
    context.services.contactLists.update(context, listId, change),
})

export const deleteList = defineEmptyOperation({
  id: 'lists.delete',
  method: 'DELETE',
  path: '/v1/lists/{listId}',
  summary: 'Delete a list; its contacts stay',
  scope: 'contacts:write',
  risk: 'write',
  audit: 'list.deleted',
  faults: ['not_found', 'unavailable'],
  input: z.strictObject({ listId: z.string() }),
  handle: (context: Context, input) => context.services.contactLists.remove(context, input.listId),
})

export const addListContacts = defineOperation({
  id: 'lists.addContacts',
  method: 'POST',
  path: '/v1/lists/{listId}/contacts',
  summary: 'Put contacts on a list',
  description: 'All or none: where one is no contact of the workspace, the answer says which.',
  scope: 'contacts:write',
  risk: 'write',
  audit: 'list.contacts_added',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ listId: z.string(), contacts: Named.describe('Ids, con_…, or addresses.') }),
  output: z
    .object({
      added: z.number().int(),
      unchanged: z.number().int().describe('Were on it, or named twice.'),
    })
    .meta({ id: 'ListAdded' }),
  handle: (context: Context, input) =>
    context.services.contactLists.addContacts(context, input.listId, input.contacts),
})

export const removeListContacts = defineOperation({
  id: 'lists.removeContacts',
  method: 'POST',
  path: '/v1/lists/{listId}/contacts/remove',
  summary: 'Take contacts off a list',
  scope: 'contacts:write',
  risk: 'write',
  audit: 'list.contacts_removed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ listId: z.string(), contacts: Named.describe('Ids, con_…, or addresses.') }),
  output: z
    .object({ removed: z.number().int(), unchanged: z.number().int().describe('Were not on it.') })
    .meta({ id: 'ListRemoved' }),
  handle: (context: Context, input) =>
    context.services.contactLists.removeContacts(context, input.listId, input.contacts),
})
