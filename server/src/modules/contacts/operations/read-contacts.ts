import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Contact, ContactRef } from '../contact.ts'
import type { Contacts } from '../contacts-service.ts'

type Context = OperationContext<{ contacts: Contacts }>

export const listContacts = defineOperation({
  id: 'contacts.list',
  method: 'GET',
  path: '/v1/contacts',
  summary: 'List contacts, newest first',
  description:
    'Whoever reads more than 20,000 contacts in an hour is refused for a while, and the owners are told.',
  scope: 'contacts:read',
  risk: 'read',
  audit: 'contact.listed',
  faults: ['invalid_request', 'not_found', 'too_many_requests', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    listId: z.string().optional().describe('Only those on this list.'),
    unsubscribed: z.enum(['true', 'false']).optional().describe('Only those that are, or are not.'),
  }),
  output: pageOf(Contact),
  handle: (context: Context, input) => context.services.contacts.list(context, input),
})

export const countContacts = defineOperation({
  id: 'contacts.count',
  method: 'GET',
  path: '/v1/contacts/count',
  summary: 'Count contacts',
  scope: 'contacts:read',
  risk: 'read',
  audit: 'contact.counted',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: z
    .object({ contacts: z.number().int(), unsubscribed: z.number().int() })
    .meta({ id: 'ContactCount' }),
  handle: (context: Context) => context.services.contacts.count(context),
})

export const getContact = defineOperation({
  id: 'contacts.get',
  method: 'GET',
  path: '/v1/contacts/{contactId}',
  summary: 'Show a contact',
  scope: 'contacts:read',
  risk: 'read',
  audit: 'contact.read',
  faults: ['not_found', 'too_many_requests', 'unavailable'],
  status: 200,
  input: z.strictObject({ contactId: ContactRef }),
  output: Contact,
  handle: (context: Context, input) => context.services.contacts.get(context, input.contactId),
})
