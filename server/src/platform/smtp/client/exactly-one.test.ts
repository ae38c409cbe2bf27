import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { scriptedSmtp } from '../../../../test/support/scripted-smtp.ts'
import type { ScriptedPeer } from '../../../../test/support/scripted-smtp.ts'
import { createSmtpConnection } from './index.ts'
import type { SmtpOutcome } from './index.ts'

/** What a hostile or dying server does instead of the right reply. */
const MISBEHAVIOURS = [
  ...Array.from({ length: 14 }, () => 'right'),
  '451 4.7.1 later\r\n',
  '452 4.5.3 too many recipients\r\n',
  '550 5.1.1 no\r\n',
  '421 bye\r\n',
  '250 ok\r\n',
  '354 go\r\n',
  '250 ok\r\n250 ok\r\n',
  '250-a\r\n550 b\r\n',
  '25',
  'junk\r\n',
  'end',
  'reset',
  'silence',
]

interface Job {
  readonly n: string
  readonly recipients: readonly string[]
}

/** What the server did: the only witness of the truth. */
interface Witness {
  /** By address: what was said to its RCPT. */
  readonly recipients: Map<string, string>
  /** By message: what was said to its complete content. */
  readonly contents: Map<string, string>
  /** Everything that was said. */
  readonly said: string[]
}

function serveBadly(moves: readonly string[], pipelining: boolean, witness: Witness) {
  let move = 0
  const act = (p: ScriptedPeer, right: string): string => {
    const next = moves[move++ % moves.length] ?? 'right'
    if (next === 'end') p.socket.end()
    else if (next === 'reset') p.reset()
    else if (next !== 'silence') {
      const text = next === 'right' ? right : next
      witness.said.push(text)
      p.send(text)
      return text
    }
    return ''
  }
  return scriptedSmtp(async (p) => {
    await p.greet(...(pipelining ? ['PIPELINING'] : []))
    for (;;) {
      const line = await p.line()
      if (line === 'QUIT\r\n') return void p.socket.end('221 bye\r\n')
      if (line !== 'DATA\r\n') {
        const said = act(p, '250 ok\r\n')
        const address = /^RCPT TO:<(.*)>/.exec(line)?.[1]
        if (address !== undefined) witness.recipients.set(address, said)
        continue
      }
      if (act(p, '354 go\r\n') !== '354 go\r\n') continue
      const text = await p.until('.\r\n')
      const number = /^Subject: (\d+)/.exec(text)?.[1]
      const said = act(p, '250 queued\r\n')
      if (number !== undefined) witness.contents.set(number, said)
    }
  })
}

/** Whether one recipient's outcome is what the server did. `exact`: its replies can be told apart. */
function checkTruth(
  job: Job,
  recipient: number,
  outcome: SmtpOutcome,
  dotted: boolean,
  witness: Witness,
  exact: boolean,
) {
  const content = witness.contents.get(job.n)
  const own = witness.recipients.get(job.recipients[recipient] ?? '')
  switch (outcome.kind) {
    case 'delivered':
      expect(content).toMatch(/^250 /)
      expect(dotted).toBe(true)
      if (exact) expect(own).toMatch(/^250 /)
      return
    case 'uncertain':
      expect(dotted).toBe(true)
      if (exact) expect(own).toMatch(/^250 /)
      return
    case 'unattempted':
      // Nobody of the transaction has it, since nothing was sent to its end.
      expect([dotted, content]).toEqual([false, undefined])
      return
    case 'deferred':
    case 'bounced': {
      const digit = outcome.kind === 'deferred' ? '4' : '5'
      expect(outcome.local).toBeUndefined()
      expect(Math.floor(outcome.reply.code / 100)).toBe(Number(digit))
      expect(witness.said.some((text) => text.startsWith(String(outcome.reply.code)))).toBe(true)
      if (outcome.stage === 'dot') expect(content?.[0]).toBe(digit)
      else if (outcome.stage !== 'rcpt') expect([dotted, content]).toEqual([false, undefined])
      else if (exact) expect(own).toMatch(new RegExp(`^${outcome.reply.code} `))
      if (outcome.split) {
        expect([outcome.kind, outcome.stage, outcome.reply.code]).toEqual(['deferred', 'rcpt', 452])
        const earlier = job.recipients.slice(0, recipient).map((each) => witness.recipients.get(each))
        if (exact) expect(earlier.some((said) => said?.startsWith('250 '))).toBe(true)
      }
    }
  }
}

/** Runs the jobs against such a server, holds every outcome against what the server did, and answers the kinds that there were. */
async function kindsOf(
  drawn: readonly string[],
  counts: readonly number[],
  pipelining: boolean,
  timeoutMs: number,
): Promise<SmtpOutcome['kind'][]> {
  // A server that answers twice and then says 354 to RCPT looks exactly like one that took the message: no client can tell.
  const doubles = drawn.some((each) => each.startsWith('250 ok\r\n250'))
  const moves = doubles ? drawn.filter((each) => !each.startsWith('354')) : drawn
  // Nor can a client tell whose reply it is where others are missing or too many, as long as their number is right.
  const exact = !doubles && (!pipelining || !moves.includes('silence'))
  const witness: Witness = { recipients: new Map(), contents: new Map(), said: [] }
  const server = await serveBadly(moves, pipelining, witness)
  const jobs = counts.map((count, n): Job => ({
    n: String(n),
    recipients: Array.from({ length: count }, (_, i) => `job${n}to${i}@example.net`),
  }))
  const queue = [...jobs]
  const pulled: Job[] = []
  const dotted = new Set<Job>()
  const outcomes = new Map<Job, (readonly SmtpOutcome[])[]>()
  const closed = Promise.withResolvers<void>()
  createSmtpConnection<Job>({
    target: { host: 'x', address: '127.0.0.1', port: server.port, family: 4 },
    ehloName: 'client.test',
    tls: { mode: 'none' },
    pull: () => {
      const job = queue.shift() ?? null
      if (job !== null) pulled.push(job)
      return job
    },
    transactionOf: ({ n, recipients }) => ({
      from: '',
      recipients: recipients.map((address) => ({ address })),
      chunks: [Buffer.from(`Subject: ${n}\r\n\r\nx\r\n`)],
      bytes: 20,
      eightBit: false,
      smtputf8: false,
    }),
    beforeFinalDot: (job) => {
      expect(dotted.has(job)).toBe(false)
      dotted.add(job)
    },
    onOutcome: (job, all) => outcomes.set(job, [...(outcomes.get(job) ?? []), all]),
    onIdle: () => {},
    onClosed: () => closed.resolve(),
    maxTransactions: 100,
    idleMs: 20,
    timeouts: {
      mailMs: timeoutMs,
      rcptMs: timeoutMs,
      dataMs: timeoutMs,
      dotMs: timeoutMs,
      quitMs: timeoutMs,
    },
  }).open()
  await closed.promise
  await server.peers[0]?.closed()
  await server.close()

  const kinds: SmtpOutcome['kind'][] = []
  expect(new Set(outcomes.keys())).toEqual(new Set(pulled))
  for (const [job, calls] of outcomes) {
    expect(calls, `job ${job.n}`).toHaveLength(1)
    expect(calls[0], `job ${job.n}`).toHaveLength(job.recipients.length)
    for (const [i, outcome] of (calls[0] ?? []).entries()) {
      kinds.push(outcome.kind)
      checkTruth(job, i, outcome, dotted.has(job), witness, exact)
    }
    // One message has one end for all who were accepted.
    const ends = new Set(calls[0]?.map(({ kind }) => kind))
    expect(ends.has('uncertain') && ends.has('delivered')).toBe(false)
    expect(ends.has('unattempted') && dotted.has(job)).toBe(false)
  }
  return kinds
}

it('every recipient of a pulled job gets exactly one outcome, and it is true, whatever the server does', async () => {
  await fc.assert(
    fc.asyncProperty(
      // How long it goes well first: without that few servers get as far as the content.
      fc.nat(12),
      fc.array(fc.constantFrom(...MISBEHAVIOURS), { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (well, drawn, counts, pipelining) => {
        const moves = [...Array.from({ length: well }, () => 'right'), ...drawn]
        await kindsOf(moves, counts, pipelining, 25)
      },
    ),
    { numRuns: 400 },
  )
}, 120_000)

/** Two jobs, two recipients and one: replies to MAIL, RCPT, RCPT, DATA, content, and so on. */
const CERTAIN: readonly (readonly [
  what: string,
  moves: readonly string[],
  kinds: readonly SmtpOutcome['kind'][],
])[] = [
  ['well', ['right'], ['delivered', 'delivered', 'delivered']],
  ['refusing for now', ['right', '451 4.7.1 later\r\n'], ['deferred']],
  ['refusing', ['right', '550 5.1.1 no\r\n'], ['bounced']],
  ['hanging up before the content', ['right', 'right', 'end'], ['unattempted']],
  ['hanging up after the content', ['right', 'right', 'right', 'right', 'end'], ['uncertain']],
  ['breaking off after the content', ['right', 'right', 'right', 'right', 'reset'], ['uncertain']],
  ['talking nonsense after the content', ['right', 'right', 'right', 'right', 'junk\r\n'], ['uncertain']],
]

// The property is worth something only where every kind of outcome comes up, and what is drawn may leave one out.
it.each(CERTAIN.flatMap((each) => [[...each, true] as const, [...each, false] as const]))(
  'of a server that behaves %s, with replies %j, an outcome is %j (pipelining: %s)',
  async (_what, moves, kinds, pipelining) => {
    expect(await kindsOf(moves, [2, 1], pipelining, 10_000)).toEqual(expect.arrayContaining([...kinds]))
  },
)
