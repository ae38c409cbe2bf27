import type { ApiFixture } from './api-fixture.ts'
import { aWord } from './operation-samples.ts'

interface World {
  readonly key: string
}

/** Valid requests of operations that doors ask for: on keys and what binds them, and on what stops mail. `made` answers the id of a thing that is made for the example. */
export function keyExamples<Of extends World>(
  api: () => Pick<ApiFixture, 'call'>,
  made: (world: Of, path: string, body: Record<string, unknown>) => Promise<string>,
) {
  const aKey = async (world: Of) => ({ apiKeyId: await made(world, '/v1/api-keys', { name: 'one' }) })
  return {
    'apiKeys.create': () => ({ rest: { name: 'one', scopes: ['messages:read'] } }),
    'apiKeys.list': () => ({}),
    'apiKeys.uses': () => ({ rest: { limit: '10' } }),
    'apiKeys.get': async (world: Of) => ({ params: await aKey(world) }),
    'apiKeys.update': async (world: Of) => ({ params: await aKey(world), rest: { name: 'other' } }),
    'apiKeys.revoke': async (world: Of) => ({ params: await aKey(world) }),
    'apiKeys.rotate': async (world: Of) => ({ params: await aKey(world), rest: { overlapHours: 1 } }),
    'apiKeys.reportLeak': () => ({ rest: { key: 'nothing' } }),
    'doorNetworks.list': () => ({ params: { door: 'resend' } }),
    'doorNetworks.add': () => ({ params: { door: 'resend' }, rest: { cidrs: ['192.0.2.0/24'] } }),
    'doorNetworks.remove': async (world: Of) => {
      await api().call(world.key, 'POST', '/v1/doors/mandrill/networks', { cidrs: ['192.0.2.0/24'] })
      return { params: { door: 'mandrill', number: '1' } }
    },
    'domains.update': async (world: Of) => ({
      params: { domainId: await made(world, '/v1/domains', { name: `${aWord()}.test` }) },
      rest: { isDefault: true },
    }),
    'messages.outcomes': () => ({ rest: { state: 'bounced', limit: '10' } }),
    'messages.dismissOutcomes': () => ({ rest: { emails: [`${aWord()}@example.com`] } }),
    'suppressionExemptions.list': () => ({ rest: { limit: '10' } }),
    'suppressionExemptions.add': () => ({ rest: { email: `${aWord()}@example.com`, note: 'ours' } }),
    'suppressionExemptions.delete': async (world: Of) => {
      const email = `${aWord()}@example.com`
      await made(world, '/v1/suppression-exemptions', { email })
      return { rest: { email } }
    },
    'suppressions.withdraw': async (world: Of) => {
      const email = `${aWord()}@example.com`
      await made(world, '/v1/suppressions', { email })
      return { rest: { reason: 'manual', emails: [email] } }
    },
  }
}
