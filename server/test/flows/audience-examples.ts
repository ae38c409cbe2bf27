import type { ApiFixture } from './api-fixture.ts'
import { aWord, inAnHour } from './operation-samples.ts'

interface World {
  readonly id: string
  readonly key: string
}

const broadcast = {
  name: 'November',
  from: 'Ann <ann@shop.test>',
  subject: 'Hello {{ first_name }}',
  html: '<p>Hello <a href="{{ unsubscribe_url }}">no more</a>',
}

/** Valid requests of the operations on contacts, lists and broadcasts. `made` answers the id of a thing that is made for the example. */
export function audienceExamples<Of extends World>(
  api: () => Pick<ApiFixture, 'call'>,
  made: (world: Of, path: string, body: Record<string, unknown>) => Promise<string>,
) {
  const aContact = (world: Of): Promise<string> =>
    made(world, '/v1/contacts', { email: `${aWord()}@example.com`, firstName: 'Ann' })
  const aList = (world: Of): Promise<string> => made(world, '/v1/lists', { name: 'Newsletter' })
  const aBroadcast = async (world: Of): Promise<string> =>
    made(world, '/v1/broadcasts', { ...broadcast, listId: await aList(world) })
  const ofBroadcast = async (world: Of) => ({ params: { broadcastId: await aBroadcast(world) } })
  const ofContact = async (world: Of) => ({ params: { contactId: await aContact(world) } })
  const ofList = async (world: Of) => ({ params: { listId: await aList(world) } })
  return {
    'contacts.create': async (world: Of) => ({
      rest: {
        email: `${aWord()}@example.com`,
        firstName: 'Ann',
        attributes: { plan: 'gold', seats: 3, trial: false },
        lists: [await aList(world)],
      },
    }),
    'contacts.list': async (world: Of) => ({
      rest: { limit: '10', unsubscribed: 'false', listId: await aList(world) },
    }),
    'contacts.count': () => ({}),
    'contacts.get': ofContact,
    'contacts.update': async (world: Of) => ({
      ...(await ofContact(world)),
      rest: { lastName: 'Lee', attributes: { plan: null, seats: 4 }, unsubscribed: true },
    }),
    'contacts.delete': ofContact,
    'broadcasts.create': async (world: Of) => ({
      rest: { ...broadcast, listId: await aList(world), previewText: 'New', dialect: 'liquid' },
    }),
    'broadcasts.list': () => ({ rest: { limit: '10', state: 'draft' } }),
    'broadcasts.get': ofBroadcast,
    'broadcasts.update': async (world: Of) => ({ ...(await ofBroadcast(world)), rest: { subject: 'News' } }),
    'broadcasts.delete': ofBroadcast,
    'broadcasts.send': ofBroadcast,
    'broadcasts.cancel': async (world: Of) => {
      const example = await ofBroadcast(world)
      await api().call(world.key, 'POST', `/v1/broadcasts/${example.params.broadcastId}/send`, {
        scheduledAt: inAnHour(),
      })
      return example
    },
    'broadcasts.listRecipients': async (world: Of) => ({
      ...(await ofBroadcast(world)),
      rest: { limit: '10', state: 'sent' },
    }),
    'lists.create': () => ({ rest: { name: 'Newsletter', description: 'each month' } }),
    'lists.list': () => ({ rest: { limit: '10' } }),
    'lists.get': ofList,
    'lists.update': async (world: Of) => ({ ...(await ofList(world)), rest: { name: 'News' } }),
    'lists.delete': ofList,
    'lists.addContacts': async (world: Of) => ({
      ...(await ofList(world)),
      rest: { contacts: [await aContact(world)] },
    }),
    'lists.removeContacts': async (world: Of) => ({
      ...(await ofList(world)),
      rest: { contacts: [await aContact(world)] },
    }),
  }
}
