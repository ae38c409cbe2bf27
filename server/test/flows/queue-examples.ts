import type { Answer, ApiFixture } from './api-fixture.ts'

interface World {
  post(path: string, body: unknown): Promise<Answer>
}

/** A valid request for every operation on the queue, for operations.test.ts. Their acts stop nothing: nothing goes to their site. */
export function queueExamples(api: () => ApiFixture) {
  const wanted = { act: 'pause', filter: { sites: ['nowhere.test'] } }

  /** What an act is given; null: by the operator, for the installation. */
  async function aPreview(world: World | null): Promise<Record<string, unknown>> {
    const { body } =
      world === null
        ? await api().call(api().operatorKey, 'POST', '/v1/installation/queue/preview', wanted)
        : await world.post('/v1/queue/preview', wanted)
    return { token: body.token, expected: body.expected, reason: 'a drill' }
  }

  async function anAct(world: World): Promise<string> {
    const { status, body, text } = await world.post('/v1/queue/acts', await aPreview(world))
    if (status !== 202) throw new Error(`no act: ${text}`)
    return body.id
  }

  const named = async (world: World) => ({ params: { actId: await anAct(world) } })
  /** An act that is at work: where no worker runs it stays so. */
  const atWork = async (world: World) => {
    const hold = { act: 'hold', filter: wanted.filter }
    const { body } = await world.post('/v1/queue/preview', hold)
    const made = await world.post('/v1/queue/acts', {
      token: body.token,
      expected: body.expected,
      reason: 'a drill',
    })
    if (made.status !== 202) throw new Error(`no act: ${made.text}`)
    return { params: { actId: made.body.id } }
  }
  const undone = async (world: World) => ({
    params: { actId: await anAct(world) },
    rest: { reason: 'a drill' },
  })
  return {
    'queueActs.preview': () => ({ rest: wanted }),
    'queueActs.create': async (world: World) => ({ rest: await aPreview(world) }),
    'queueActs.list': () => ({ rest: { limit: '10', state: 'open' } }),
    'queueActs.get': named,
    'queueActs.undo': undone,
    'queueActs.cancel': atWork,
    'installationLedger.get': async () => {
      await api().database.pool('bulkhead_worker').query('select engine.count_ledger()')
      return {}
    },
    'installationQueue.get': () => ({}),
    'installationQueueActs.preview': () => ({ rest: wanted }),
    'installationQueueActs.create': async () => ({ rest: await aPreview(null) }),
    'installationQueueActs.list': () => ({ rest: { limit: '10' } }),
    'installationQueueActs.get': named,
    'installationQueueActs.undo': undone,
    'installationQueueActs.cancel': atWork,
  }
}
