import { describe, expect, it } from 'vitest'
import type { ScriptedPeer } from '../../../../test/support/scripted-smtp.ts'
import { run, serve } from '../../../../test/support/smtp-run.ts'
import type { SmtpConnectionDeps, SmtpOutcome } from './index.ts'

const people = (count: number) => Array.from({ length: count }, (_, i) => `to${i}@example.net`)

/** Outcomes as words: kind, stage and code, `!` for one that can be offered again at once. */
const words = (outcomes: readonly { outcome: SmtpOutcome }[]) =>
  outcomes.map(({ outcome }) =>
    [
      outcome.kind,
      'stage' in outcome ? outcome.stage : '',
      'reply' in outcome ? outcome.reply?.code : '',
      'split' in outcome && outcome.split ? '!' : '',
      'local' in outcome && outcome.local ? 'local' : '',
      'stale' in outcome && outcome.stale ? 'stale' : '',
    ]
      .filter(Boolean)
      .join(' '),
  )

const ways = [
  ['with PIPELINING', true],
  ['without', false],
] as const

/** Answers MAIL, each RCPT in turn, then DATA and the final dot, and whatever comes later with 250; QUIT ends. */
const answers =
  (pipelining: boolean, rcpt: readonly string[], data = '354 go', dot = '250 2.0.0 queued') =>
  async (p: ScriptedPeer) => {
    await p.greet(...(pipelining ? ['PIPELINING'] : []))
    await p.until('\r\n')
    p.send('250 sender ok\r\n')
    for (const reply of rcpt) {
      expect(await p.line()).toMatch(/^RCPT /)
      p.send(`${reply}\r\n`)
    }
    const refused = rcpt.every((reply) => !reply.startsWith('2'))
    if (pipelining || !refused) {
      expect(await p.line()).toBe('DATA\r\n')
      p.send(`${data}\r\n`)
      if (data.startsWith('354')) {
        await p.until(refused ? '.\r\n' : '\r\n.\r\n')
        p.send(`${dot}\r\n`)
      }
    }
    await serve(p)
  }

const send = (
  script: (p: ScriptedPeer) => Promise<void>,
  count: number,
  over: Partial<SmtpConnectionDeps<{ n: number; to?: readonly string[] }>> = {},
) => run(script, [{ n: 1, to: people(count) }, 2], over)

const envelope = async (p: ScriptedPeer, then: (p: ScriptedPeer) => void) => {
  await p.greet('PIPELINING')
  await p.until('DATA\r\n')
  then(p)
}

describe.each(ways)('several recipients, %s', (_name, pipelining) => {
  it('a transaction carries all of them, each with an outcome', async () => {
    const { outcomes, peer, order } = await send(answers(pipelining, ['250 a', '251 b', '250 c']), 3)
    expect(words(outcomes)).toEqual([
      'delivered dot 250',
      'delivered dot 250',
      'delivered dot 250',
      'delivered dot 250',
    ])
    expect(peer?.received.match(/Subject: 1/g)).toHaveLength(1)
    expect(order.filter((each) => each === 'dot 1' || each === 'outcome 1')).toEqual(['dot 1', 'outcome 1'])
    if (pipelining)
      expect(peer?.arrivals[1]).toBe(
        `MAIL FROM:<from@example.com>\r\n${people(3)
          .map((to) => `RCPT TO:<${to}>\r\n`)
          .join('')}DATA\r\n`,
      )
  })

  it('who is refused is told so, the others have the message', async () => {
    const { outcomes, peer } = await send(
      answers(pipelining, ['550 5.1.1 no', '250 ok', '451 4.7.1 later', '250 ok', '550 5.1.1 no']),
      5,
    )
    expect(words(outcomes)).toEqual([
      'bounced rcpt 550',
      'delivered dot 250',
      'deferred rcpt 451',
      'delivered dot 250',
      'bounced rcpt 550',
      'delivered dot 250',
    ])
    expect(peer?.received).not.toContain('RSET')
  })

  it('a refusal of the content is of those who were accepted', async () => {
    const { outcomes } = await send(
      answers(pipelining, ['250 ok', '550 5.1.1 no'], '354 go', '554 5.7.1 spam'),
      2,
    )
    expect(words(outcomes)).toEqual(['bounced dot 554', 'bounced rcpt 550', 'delivered dot 250'])
  })

  it('a refusal of DATA is of those who were accepted', async () => {
    const { outcomes, peer, order } = await send(
      answers(pipelining, ['250 ok', '550 5.1.1 no'], '451 4.3.0 disk'),
      2,
    )
    expect(words(outcomes)).toEqual(['deferred data 451', 'bounced rcpt 550', 'delivered dot 250'])
    expect(peer?.received).toContain('RSET')
    expect(order).not.toContain('dot 1')
  })

  it('a refusal of MAIL is of all', async () => {
    const { outcomes } = await send(async (p) => {
      await p.greet(...(pipelining ? ['PIPELINING'] : []))
      await p.line()
      p.send('550 5.7.1 not you\r\n')
      for (let i = pipelining ? 3 : 0; i > 0; i--) {
        await p.line()
        p.send('503 5.5.1 MAIL first\r\n')
      }
      await serve(p)
    }, 2)
    expect(words(outcomes)).toEqual(['bounced mail 550', 'bounced mail 550', 'delivered dot 250'])
  })

  it('where all are refused no content is sent, and the next transaction goes on', async () => {
    const { outcomes, peer, order } = await send(
      answers(pipelining, ['550 5.1.1 no', '452 4.2.2 full'], '503 5.5.1 no recipients'),
      2,
    )
    expect(words(outcomes)).toEqual(['bounced rcpt 550', 'deferred rcpt 452', 'delivered dot 250'])
    expect(order).not.toContain('dot 1')
    expect(peer?.received).not.toContain('body 1')
    expect(peer?.received.match(/RSET/g)).toHaveLength(1)
  })

  it('what the peer has no room for in this transaction can go at once in another', async () => {
    const { outcomes } = await send(
      answers(pipelining, [
        '250 ok',
        '452 4.5.3 too many',
        '452 too many',
        '552 too many',
        '451 4.5.3 too many',
        '550 5.5.3 too many',
        '452 4.2.2 mailbox full',
        '552 5.2.2 mailbox full',
        '452 4.3.1 no space',
      ]),
      9,
    )
    expect(words(outcomes)).toEqual([
      'delivered dot 250',
      'deferred rcpt 452 !',
      'deferred rcpt 452 !',
      'deferred rcpt 552 !',
      'deferred rcpt 451 !',
      'deferred rcpt 550 !',
      'deferred rcpt 452',
      'bounced rcpt 552',
      'deferred rcpt 452 !',
      'delivered dot 250',
    ])
  })

  it('a first recipient that is refused with 452 is an ordinary refusal: another transaction would end the same', async () => {
    const { outcomes } = await send(answers(pipelining, ['452 4.5.3 too many', '250 ok']), 2)
    expect(words(outcomes)[0]).toBe('deferred rcpt 452')
  })

  it('who cannot be sent to this peer is left out; the others go', async () => {
    const { outcomes, peer } = await run(
      async (p) => {
        await p.greet(...(pipelining ? ['PIPELINING'] : []))
        await p.line()
        p.send('250 ok\r\n')
        for (const reply of ['250 ok', '550 5.1.1 no']) {
          await p.line()
          p.send(`${reply}\r\n`)
        }
        await p.line()
        p.send('354 go\r\n')
        await p.until('\r\n.\r\n')
        p.send('250 queued\r\n')
        await serve(p)
      },
      [{ n: 1, to: ['x@y\r\nRSET', 'a@example.net', 'jörg@example.net', 'b@example.net', 'c d@e'] }],
    )
    expect(words(outcomes)).toEqual([
      'bounced rcpt 553 local',
      'delivered dot 250',
      'bounced rcpt 550 local',
      'bounced rcpt 550',
      'bounced rcpt 553 local',
    ])
    expect(peer?.received.match(/^RCPT.*$/gm)).toEqual(['RCPT TO:<a@example.net>', 'RCPT TO:<b@example.net>'])
  })

  it('where nobody can be sent to this peer nothing is said', async () => {
    const { outcomes, peer } = await run(answers(pipelining, []), [
      { n: 1, to: ['a b@c', 'jörg@example.net'] },
      { n: 2, recipients: [] },
      { n: 3, to: people(1001) },
    ])
    expect(words(outcomes).slice(0, 2)).toEqual(['bounced rcpt 553 local', 'bounced rcpt 550 local'])
    expect(outcomes).toHaveLength(2 + 1001)
    expect(peer?.received).not.toContain('MAIL')
  })

  it('1000 recipients fit in one transaction', async () => {
    const replies = people(1000).map((_, i) => (i % 3 === 0 ? '550 5.1.1 no' : '250 ok'))
    const { outcomes } = await send(answers(pipelining, replies), 1000)
    const kinds = outcomes.filter(({ n }) => n === 1).map(({ outcome }) => outcome.kind)
    expect(kinds).toEqual(replies.map((reply) => (reply.startsWith('2') ? 'delivered' : 'bounced')))
  })
})

it('DATA that is accepted although all were refused is ended with a lone dot: nobody gets a message that nobody asked for', async () => {
  const script = answers(true, ['550 5.1.1 no', '451 4.7.1 later'], '354 go', '554 5.5.1 no recipients')
  const { outcomes, peer, order } = await send(script, 2)
  expect(words(outcomes)).toEqual(['bounced rcpt 550', 'deferred rcpt 451', 'delivered dot 250'])
  expect(peer?.received).not.toContain('body 1')
  expect(order).not.toContain('dot 1')
})

describe('several recipients when the connection dies', () => {
  const cases: [string, (p: ScriptedPeer) => void, string[]][] = [
    [
      'closed between the replies: what was said holds',
      (p) => p.socket.end('250 a\r\n250 b\r\n550 c\r\n'),
      ['unattempted rcpt', 'bounced rcpt 550', 'unattempted rcpt'],
    ],
    [
      '421 to a recipient: he is deferred, the others were not judged',
      (p) => p.socket.end('250 a\r\n550 b\r\n250 c\r\n421 4.7.0 d\r\n'),
      ['bounced rcpt 550', 'unattempted rcpt 421', 'deferred rcpt 421'],
    ],
    [
      '421 to DATA: those who were accepted are deferred',
      (p) => p.socket.end('250 a\r\n550 b\r\n250 c\r\n250 d\r\n421 4.7.0 e\r\n'),
      ['bounced rcpt 550', 'deferred data 421', 'deferred data 421'],
    ],
    [
      '421 to MAIL: nothing was judged, and nothing is wrong with the host',
      (p) => p.socket.end('421 4.3.2 enough\r\n'),
      ['unattempted mail 421 stale', 'unattempted mail 421 stale', 'unattempted mail 421 stale'],
    ],
    [
      'fewer replies than commands: nobody is bounced by a reply that may be another’s',
      (p) => p.send('250 a\r\n550 5.1.1 b\r\n250 c\r\n354 d\r\n'),
      ['unattempted rcpt', 'unattempted rcpt', 'unattempted rcpt'],
    ],
    [
      'one reply for the whole pipeline, then silence',
      (p) => p.send('250 a\r\n550 5.1.1 b\r\n'),
      ['unattempted rcpt', 'unattempted rcpt', 'unattempted rcpt'],
    ],
    [
      'more replies than commands',
      (p) => p.send('250 a\r\n550 b\r\n250 c\r\n250 d\r\n354 e\r\n250 f\r\n'),
      ['unattempted data', 'unattempted data', 'unattempted data'],
    ],
    [
      'closed after the dot: who was refused is known, the others may have it',
      (p) => {
        p.send('250 a\r\n550 b\r\n250 c\r\n451 d\r\n354 e\r\n')
        void p.until('\r\n.\r\n').then(() => p.socket.end())
      },
      ['bounced rcpt 550', 'uncertain', 'deferred rcpt 451'],
    ],
    [
      'junk after the dot',
      (p) => {
        p.send('250 a\r\n550 b\r\n250 c\r\n451 d\r\n354 e\r\n')
        void p.until('\r\n.\r\n').then(() => p.send('what?\r\n'))
      },
      ['bounced rcpt 550', 'uncertain', 'deferred rcpt 451'],
    ],
    [
      'a reset after the dot',
      (p) => {
        p.send('250 a\r\n250 b\r\n250 c\r\n451 d\r\n354 e\r\n')
        void p.until('\r\n.\r\n').then(() => p.reset())
      },
      ['uncertain', 'uncertain', 'deferred rcpt 451'],
    ],
  ]
  it.each(cases)('%s', async (_name, then, expected) => {
    const { outcomes, reason } = await run((p) => envelope(p, then), [{ n: 1, to: people(3) }], {
      timeouts: { mailMs: 150, rcptMs: 150, dataMs: 150, dotMs: 150 },
    })
    expect(words(outcomes)).toEqual(expected)
    expect(['failed', 'peer-closed']).toContain(reason.kind)
  })

  it('a peer that answers every recipient late is ended by the deadline of the transaction', async () => {
    const { outcomes, reason } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.until('DATA\r\n')
        const drip = setInterval(() => p.send('250 ok\r\n'), 50)
        await p.closed()
        clearInterval(drip)
      },
      [{ n: 1, to: people(500) }],
      { timeouts: { rcptMs: 1000, transactionMs: 300 } },
    )
    expect(new Set(words(outcomes))).toEqual(new Set(['unattempted rcpt']))
    expect(outcomes).toHaveLength(500)
    expect(reason.cause).toContain('all phases')
  })
})

describe('DSN parameters', () => {
  const job = {
    n: 1,
    mailParameters: ['RET=HDRS', 'ENVID=QQ314159'],
    recipients: [
      { address: 'a@example.net', parameters: ['NOTIFY=SUCCESS,FAILURE', 'ORCPT=rfc822;A+2Bb@example.net'] },
      { address: 'b@example.net' },
      { address: 'c@example.net', parameters: ['NOTIFY=NEVER'] },
    ],
  }

  it('go with MAIL and with each recipient where the peer announces DSN', async () => {
    const { peer, infos } = await run(
      async (p) => {
        await p.greet('PIPELINING', 'DSN')
        await serve(p)
      },
      [job],
    )
    expect(peer?.arrivals[1]).toBe(
      'MAIL FROM:<from@example.com> RET=HDRS ENVID=QQ314159\r\n' +
        'RCPT TO:<a@example.net> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;A+2Bb@example.net\r\n' +
        'RCPT TO:<b@example.net>\r\nRCPT TO:<c@example.net> NOTIFY=NEVER\r\nDATA\r\n',
    )
    expect(infos[0]?.dsn).toBe(true)
  })

  it('are left out elsewhere, which the outcome tells', async () => {
    const { peer, infos } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await serve(p)
      },
      [job],
    )
    expect(peer?.received).not.toMatch(/NOTIFY|ORCPT|RET|ENVID/)
    expect(infos[0]?.dsn).toBe(false)
  })
})
