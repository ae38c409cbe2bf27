import { createIdGenerator } from '../../src/kernel/ids.ts'
import { createSourcesStore } from '../../src/modules/sources/index.ts'
import type { ApiFixture } from './api-fixture.ts'

const newId = createIdGenerator()

/** A valid request for every operation on sources, for operations.test.ts. */
export function sourceExamples(api: () => ApiFixture) {
  /** A source that a sender has told of. */
  async function aSource(): Promise<string> {
    const source = `ip-${newId()}`
    const store = createSourcesStore(api().database.pool('bulkhead_sender'))
    await store.beat(`host-${source}`, [
      { source, ehlo: 'x.example', addresses: [], weight: 1, pools: ['default'], usable: true, why: null },
    ])
    return source
  }
  return {
    'sources.list': () => ({}),
    'sources.pause': async () => ({ params: { source: await aSource() }, rest: { reason: 'a drill' } }),
    'sources.resume': async () => {
      const source = await aSource()
      const path = `/v1/sources/${source}/pause`
      await api().call(api().operatorKey, 'POST', path, { reason: 'a drill', provider: 'google' })
      return { params: { source }, rest: { provider: 'google' } }
    },
    'routing.list': () => ({}),
    'routing.set': (world: { readonly id: string }) => ({
      params: { workspaceId: world.id },
      rest: { lanes: ['bulk'], pool: 'letters' },
    }),
    'routing.clear': (world: { readonly id: string }) => ({ params: { workspaceId: world.id } }),
  }
}
