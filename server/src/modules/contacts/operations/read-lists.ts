import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ContactRef } from '../contact.ts'
import { ContactList } from '../list.ts'
import type { ContactLists } from '../lists-service.ts'

type Context = OperationContext<{ contactLists: ContactLists }>

export const listLists = defineOperation({
  id: 'lists.list',
  method: 'GET',
  path: '/v1/lists',
  summary: 'List the lists of contacts, newest first',
  description: 'The contacts on one: contacts.list with its id.',
  scope: 'contacts:read',
  risk: 'read',
  audit: 'list.listed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    contact: ContactRef.optional().describe(
      'Only the lists that this contact is on: its id, con_…, or its address.',
    ),
  }),
  output: pageOf(ContactList),
  handle: (context: Context, input) => context.services.contactLists.list(context, input),
})

export const getList = defineOperation({
  id: 'lists.get',
  method: 'GET',
  path: '/v1/lists/{listId}',
  summary: 'Show a list and how many contacts are on it',
  scope: 'contacts:read',
  risk: 'read',
  audit: 'list.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ listId: z.string() }),
  output: ContactList,
  handle: (context: Context, input) => context.services.contactLists.get(context, input.listId),
})
