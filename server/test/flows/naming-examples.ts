import { aWord } from './operation-samples.ts'

/** Valid requests of the operations on topics, batches and subaccounts. `made` answers the id of a thing that is made for the example. */
export function namingExamples<Of>(
  made: (world: Of, path: string, body: Record<string, unknown>) => Promise<string>,
  post: (world: Of, path: string, body: unknown) => Promise<unknown>,
) {
  const aTopic = (world: Of): Promise<string> => made(world, '/v1/topics', { name: aWord() })
  const ofTopic = async (world: Of) => ({ params: { topicId: await aTopic(world) } })
  const ofBatch = async (world: Of) => ({ params: { batchId: await made(world, '/v1/batches', {}) } })
  const ofSubaccount = async (world: Of) => ({
    params: { subaccountId: await made(world, '/v1/subaccounts', { name: aWord() }) },
  })
  return {
    'tags.list': () => ({ rest: { limit: '10', begins: 'a' } }),
    'tags.statistics': () => ({ rest: { tag: 'a', since: '2026-01-01', until: '2026-01-31' } }),
    'topics.create': () => ({ rest: { name: aWord(), description: 'What is new.', isDefault: false } }),
    'topics.list': () => ({ rest: { limit: '10' } }),
    'topics.get': ofTopic,
    'topics.ofAddress': () => ({ rest: { email: `${aWord()}@example.com` } }),
    'topics.update': async (world: Of) => ({ ...(await ofTopic(world)), rest: { description: 'changed' } }),
    'topics.delete': ofTopic,
    'topicSuppressions.list': async (world: Of) => ({ rest: { limit: '10', topic: await aTopic(world) } }),
    'topicSuppressions.add': async (world: Of) => ({
      ...(await ofTopic(world)),
      rest: { emails: [`${aWord()}@example.com`] },
    }),
    'topicSuppressions.search': async (world: Of) => ({
      ...(await ofTopic(world)),
      rest: { emails: [`${aWord()}@example.com`] },
    }),
    'topicSuppressions.remove': async (world: Of) => {
      const { params } = await ofTopic(world)
      const email = `${aWord()}@example.com`
      await post(world, `/v1/topics/${params.topicId}/suppressions`, { emails: [email] })
      return { params, rest: { email } }
    },
    'batches.create': () => ({}),
    'batches.list': () => ({ rest: { limit: '10' } }),
    'batches.get': ofBatch,
    'batches.update': async (world: Of) => ({ ...(await ofBatch(world)), rest: { state: 'paused' } }),
    'subaccounts.create': () => ({ rest: { name: aWord(), title: 'Shop', note: 'asked', hourlyQuota: 10 } }),
    'subaccounts.list': () => ({ rest: { limit: '10', begins: 'a' } }),
    'subaccounts.get': ofSubaccount,
    'subaccounts.update': async (world: Of) => ({
      ...(await ofSubaccount(world)),
      rest: { state: 'paused', note: null },
    }),
    'subaccounts.delete': ofSubaccount,
  }
}
