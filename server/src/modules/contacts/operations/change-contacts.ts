import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AttributeChange, Attributes, Contact, ContactRef, Email, PersonName } from '../contact.ts'
import type { Contacts } from '../contacts-service.ts'

type Context = OperationContext<{ contacts: Contacts }>

export const createContact = defineOperation({
  id: 'contacts.create',
  method: 'POST',
  path: '/v1/contacts',
  summary: 'Add a contact',
  description:
    'Somebody who unsubscribed before, also as a contact that was deleted, is unsubscribed from the start.',
  scope: 'contacts:write',
  risk: 'write',
  audit: 'contact.saved',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({
    email: Email,
    firstName: PersonName.optional(),
    lastName: PersonName.optional(),
    attributes: Attributes.optional().describe('What else is known, for templates.'),
    unsubscribed: z.boolean().optional().describe('No broadcast goes there. Default false.'),
    lists: z.array(z.string()).max(100).optional().describe('Lists to put it on, lst_….'),
    upsert: z
      .boolean()
      .optional()
      .describe('Changes the contact that has the address already, as contacts.update does.'),
  }),
  output: Contact,
  handle: (context: Context, input) => context.services.contacts.create(context, input),
})

export const updateContact = defineOperation({
  id: 'contacts.update',
  method: 'PATCH',
  path: '/v1/contacts/{contactId}',
  summary: 'Change a contact',
  description:
    'What is left out stays as it is; of attributes too. Null takes a name or an attribute away. Somebody who unsubscribed by a link or a mail is subscribed again only once that suppression is lifted.',
  scope: 'contacts:write',
  risk: 'write',
  audit: 'contact.saved',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    contactId: ContactRef,
    email: Email.optional(),
    firstName: PersonName.nullable().optional(),
    lastName: PersonName.nullable().optional(),
    attributes: AttributeChange.optional(),
    unsubscribed: z.boolean().optional(),
  }),
  output: Contact,
  handle: (context: Context, { contactId, ...change }) =>
    context.services.contacts.update(context, contactId, change),
})

export const deleteContact = defineEmptyOperation({
  id: 'contacts.delete',
  method: 'DELETE',
  path: '/v1/contacts/{contactId}',
  summary: 'Delete a contact',
  description: 'If it was unsubscribed, its address stays on the suppression list for bulk mail.',
  scope: 'contacts:write',
  risk: 'write',
  audit: 'contact.deleted',
  faults: ['not_found', 'unavailable'],
  input: z.strictObject({ contactId: ContactRef }),
  handle: (context: Context, input) => context.services.contacts.remove(context, input.contactId),
})
