import type { Call } from '../../server/test/support/console.ts'

type Step = <T>(name: string, work: () => Promise<T>) => Promise<T | undefined>

const PEOPLE = [
  ['ann@example.com', 'Ann', 'Lee', 'gold'],
  ['bob@example.com', 'Bob', 'Marsh', 'free'],
  ['chen@example.org', 'Chen', 'Wu', 'gold'],
  ['dora@example.net', 'Dora', 'Klein', 'free'],
  ['emil@example.org', 'Emil', 'Novak', 'free'],
] as const

/** People, what they left, and a letter to all of them. */
export async function seedAudience(
  step: Step,
  api: Call,
  idOf: (path: string, body: unknown) => Promise<string>,
): Promise<{ topic: string | undefined; list: string | undefined; broadcast: string | undefined }> {
  const topic = await step('topic', async () => {
    const id = await idOf('/v1/topics', {
      name: 'Product news',
      description: 'What is new in the shop, about twice a month',
      isDefault: true,
    })
    await api(`/v1/topics/${id}/suppressions`, {
      body: { emails: ['chen@example.org', 'old.account@example.org'] },
    })
    return id
  })
  await step('second topic', () =>
    idOf('/v1/topics', { name: 'Receipts', description: 'Proof of what was bought' }),
  )
  const list = await step('list', () =>
    idOf('/v1/lists', { name: 'The Northwind letter', description: 'Who asked for it in the shop' }),
  )
  for (const [email, firstName, lastName, plan] of PEOPLE)
    await step(`contact ${email}`, () =>
      idOf('/v1/contacts', {
        email,
        firstName,
        lastName,
        attributes: { plan, orders: email.length },
        unsubscribed: email.startsWith('dora'),
        ...(list === undefined ? {} : { lists: [list] }),
      }),
    )
  const broadcast = await step('broadcast', async () => {
    const letter = {
      listId: list,
      topic,
      from: { email: 'hello@news.northwind.test', name: 'The Northwind letter' },
      subject: 'Autumn at Northwind, {{ first_name | default: "friend" }}',
      previewText: 'Three clocks and a sale',
      html: '<h1>Autumn at Northwind</h1><p>Three new clocks.</p><p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>',
      text: 'Three new clocks. {{ unsubscribe_url }}',
    }
    const id = await idOf('/v1/broadcasts', { name: 'Autumn letter', ...letter })
    await api(`/v1/broadcasts/${id}/send`, { body: {} })
    await idOf('/v1/broadcasts', { name: 'Winter letter, draft', ...letter })
    return id
  })
  return { topic, list, broadcast }
}
