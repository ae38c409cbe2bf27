import { connect as connectTls } from 'node:tls'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { selfSigned } from '../../../../bench/self-signed.ts'
import { dialog, sendMail } from '../../../test/flows/inbound-fixture.ts'
import { Fault } from '../../kernel/faults.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { createClientRates } from './client-rates.ts'
import {
  createInbound,
  INBOUND_LIMITS,
  type InboundDoor,
  type InboundLimits,
  type InboundMail,
} from './index.ts'

const material = selfSigned('mx.us.example')
const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]()
})

/** A door that takes `<name>…@us.example` and tells what it got. */
function doorOf(name: string, got: InboundMail[], fails = false): InboundDoor {
  return {
    name,
    judge: ({ localPart, domain }) =>
      Promise.resolve(
        domain !== 'us.example'
          ? 'unknown'
          : localPart === `${name}-forged`
            ? 'forged'
            : localPart.startsWith(name)
              ? 'taken'
              : 'unknown',
      ),
    receive(mail) {
      if (fails) return Promise.reject(new Fault('unavailable', { detail: 'The database is away.' }))
      got.push(mail)
      return Promise.resolve(
        mail.recipients[0]?.localPart.endsWith('full') === true
          ? { kind: 'refused', reason: 'No more of these' }
          : { kind: 'kept' },
      )
    },
  }
}

async function start(doors: readonly InboundDoor[], limits: Partial<InboundLimits> = {}): Promise<number> {
  const server = createInbound({
    listener: { host: '127.0.0.1', port: 0 },
    hostname: 'mx.us.example',
    tls: () => material,
    doors,
    limits: { ...INBOUND_LIMITS, ...limits },
    log: createLogger({ name: 'test', level: 'error' }),
    nowMs: () => performance.now(),
  })
  open.push(server)
  const [address] = await server.listen()
  return address?.port ?? 0
}

describe('the listener for mail from outside', () => {
  it('takes what a door takes, with an envelope sender or none, and hands it over whole', async () => {
    const got: InboundMail[] = []
    const port = await start([doorOf('a', got)])
    expect(await sendMail(port, '', ['a1@us.example'], 'Subject: x\n\n.dot\n')).toBe('250 2.0.0 Kept')
    expect(await sendMail(port, 'bob@there.example', ['a2@US.example'], 'x\n')).toMatch(/^250/)
    expect(
      got.map((mail) => [mail.from, mail.recipients[0]?.domain, mail.raw.toString(), mail.client]),
    ).toEqual([
      [
        '',
        'us.example',
        'Subject: x\r\n\r\n.dot\r\n',
        { address: '127.0.0.1', helo: 'mx.elsewhere.example', tls: false },
      ],
      ['bob@there.example', 'us.example', 'x\r\n', expect.anything()],
    ])
  })

  it('relays nothing: a recipient that no door knows is refused before DATA', async () => {
    const got: InboundMail[] = []
    const port = await start([doorOf('a', got)])
    for (const to of [
      'ann@there.example',
      'x@us.example',
      'a1%there.example@elsewhere.example',
      'a1@us.example.there.example',
    ])
      expect(await sendMail(port, 'a1@us.example', [to], 'x')).toBe('550 5.1.1 No such address here')
    expect(await sendMail(port, '', ['a-forged@us.example'], 'x')).toBe(
      '550 5.7.1 This address was not written by us',
    )
    const wire = await dialog(port)
    await wire.say(null)
    await wire.say('EHLO x')
    await wire.say('MAIL FROM:<>')
    expect(await wire.say('RCPT TO:<@us.example:ann@there.example>')).toMatch(/^501/)
    expect(await wire.say('RCPT TO:<ann@there.example>')).toMatch(/^550/)
    expect(await wire.say('DATA')).toMatch(/^554/)
    wire.end()
    expect(got).toEqual([])
  })

  it('offers STARTTLS, PIPELINING, 8BITMIME, SMTPUTF8 and its size, and no AUTH', async () => {
    const port = await start([doorOf('a', [])])
    const socket = connect(port, '127.0.0.1')
    let text = ''
    for await (const chunk of socket) {
      text += String(chunk)
      if (text.startsWith('220') && !text.includes('250')) socket.write('EHLO x\r\n')
      if (/^250 /m.test(text)) socket.write('AUTH PLAIN AGEAYg==\r\nSTARTTLS\r\n')
      if (/^5\d\d /m.test(text) || text.includes('\r\n220')) break
    }
    socket.destroy()
    for (const extension of ['PIPELINING', 'STARTTLS', '8BITMIME', 'SMTPUTF8', 'SIZE 10485760'])
      expect(text).toContain(`${extension}\r\n`)
    expect(text).not.toMatch(/^250.AUTH/m)
    expect(text).toMatch(/^502 5\.5\.1/m)
  })

  it('speaks TLS, and says so to the door', async () => {
    const got: InboundMail[] = []
    const port = await start([doorOf('a', got)])
    const plain = connect(port, '127.0.0.1')
    let text = ''
    await new Promise<void>((resolve) => {
      plain.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.startsWith('220') && !text.includes('250')) plain.write('EHLO x\r\n')
        else if (/^250 .*\r\n$/m.test(text) && !text.includes('Ready')) plain.write('STARTTLS\r\n')
        if (text.includes('Ready to start TLS')) resolve()
      })
    })
    plain.removeAllListeners('data')
    const socket = connectTls({ socket: plain, rejectUnauthorized: false })
    const secured = await new Promise<string>((resolve) => {
      let answers = ''
      socket.on('secureConnect', () =>
        socket.write('EHLO x\r\nMAIL FROM:<> BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<a1@us.example>\r\nDATA\r\n'),
      )
      socket.on('data', (chunk: Buffer) => {
        answers += chunk.toString()
        if (/^354/m.test(answers) && !answers.includes('Kept')) socket.write('Subject: ü\r\n\r\nx\r\n.\r\n')
        if (answers.includes('Kept')) resolve(answers)
      })
    })
    socket.destroy()
    expect(secured).toContain('250 2.0.0 Kept')
    expect(got[0]?.client.tls).toBe(true)
  })

  it('answers 451 while a door cannot keep what came', async () => {
    const port = await start([doorOf('a', []), doorOf('b', [], true)])
    expect(await sendMail(port, '', ['b1@us.example'], 'x')).toBe(
      '451 4.3.0 Not available now, try again later',
    )
  })

  it('has recipients of one owner in a transaction, so that its answer is true for all of them', async () => {
    const got: InboundMail[] = []
    const owned: InboundDoor = {
      ...doorOf('o', got),
      judge: ({ localPart }) =>
        Promise.resolve(localPart.startsWith('o') ? { takenFor: localPart.charAt(1) } : 'unknown'),
    }
    const port = await start([doorOf('a', got), owned])
    const wire = await dialog(port)
    await wire.say(null)
    await wire.say('EHLO x')
    await wire.say('MAIL FROM:<>')
    expect(await wire.say('RCPT TO:<o1-ann@us.example>')).toMatch(/^250/)
    expect(await wire.say('RCPT TO:<o2-full@us.example>')).toMatch(/^452 4\.5\.3/)
    expect(await wire.say('RCPT TO:<a1@us.example>')).toMatch(/^452 4\.5\.3/)
    expect(await wire.say('RCPT TO:<o1-bob@us.example>')).toMatch(/^250/)
    await wire.say('DATA')
    expect(await wire.say('x\r\n.')).toBe('250 2.0.0 Kept')
    expect(got.map(({ recipients }) => recipients.map(({ address }) => address))).toEqual([
      ['o1-ann@us.example', 'o1-bob@us.example'],
    ])
    // The next transaction has an owner of its own, and its own answer.
    await wire.say('MAIL FROM:<>')
    expect(await wire.say('RCPT TO:<o2-full@us.example>')).toMatch(/^250/)
    await wire.say('DATA')
    expect(await wire.say('x\r\n.')).toBe('550 5.7.1 No more of these')
    wire.end()
  })

  it('keeps nothing of a transaction whose recipients changed hands before its end', async () => {
    const got: InboundMail[] = []
    let owners = 1
    const moving: InboundDoor = {
      ...doorOf('o', got),
      judge: ({ localPart }) => Promise.resolve({ takenFor: owners === 1 ? 'one' : localPart }),
    }
    const port = await start([moving])
    const wire = await dialog(port)
    await wire.say(null)
    await wire.say('EHLO x')
    await wire.say('MAIL FROM:<>')
    await wire.say('RCPT TO:<o1@us.example>')
    await wire.say('RCPT TO:<o2@us.example>')
    await wire.say('DATA')
    owners = 2
    expect(await wire.say('x\r\n.')).toMatch(/^451 4\.3\.0/)
    wire.end()
    expect(got).toEqual([])
  })

  it('answers 550 where its owner does not keep it', async () => {
    const port = await start([doorOf('a', [])])
    expect(await sendMail(port, '', ['a-full@us.example'], 'x')).toBe('550 5.7.1 No more of these')
  })

  it('refuses what is larger than it says, announced or not', async () => {
    const port = await start([doorOf('a', [])], { messageBytes: 1_000 })
    const wire = await dialog(port)
    await wire.say(null)
    await wire.say('EHLO x')
    expect(await wire.say('MAIL FROM:<> SIZE=1001')).toMatch(/^552 5\.3\.4/)
    wire.end()
    expect(await sendMail(port, '', ['a1@us.example'], 'x'.repeat(1_100))).toMatch(/^552 5\.3\.4/)
  })

  it('bounds what one client may do: connections, messages, guesses', async () => {
    const slow = { burst: 3, perMinute: 0.001 }
    const connections = await start([doorOf('a', [])], { connectionRate: slow })
    for (let n = 0; n < 3; n++)
      expect(await sendMail(connections, '', ['a1@us.example'], 'x')).toMatch(/^250/)
    const wire = await dialog(connections)
    expect(await wire.say(null)).toMatch(/^421 4\.7\.0 Too many connections/)
    wire.end()
    const messages = await start([doorOf('a', [])], { messageRate: slow })
    for (let n = 0; n < 3; n++) expect(await sendMail(messages, '', ['a1@us.example'], 'x')).toMatch(/^250/)
    expect(await sendMail(messages, '', ['a1@us.example'], 'x')).toMatch(/^450 4\.7\.0/)
    const guesses = await start([doorOf('a', [])], { refusalRate: slow })
    for (let n = 0; n < 3; n++) expect(await sendMail(guesses, '', ['no@us.example'], 'x')).toMatch(/^550/)
    expect(await sendMail(guesses, '', ['no@us.example'], 'x')).toMatch(/^421 4\.7\.0/)
    // Whoever is known is not held up by guesses that are known for what they are.
    expect(await sendMail(guesses, '', ['a1@us.example'], 'x')).toMatch(/^250/)
  })
})

describe('rates of clients', () => {
  it('fill again with time, and count a /64 as one', () => {
    let nowMs = 0
    const rates = createClientRates({ rate: { burst: 2, perMinute: 60 }, nowMs: () => nowMs })
    expect([rates.take('192.0.2.1'), rates.take('192.0.2.1'), rates.take('192.0.2.1')]).toEqual([
      true,
      true,
      false,
    ])
    expect(rates.take('192.0.2.2')).toBe(true)
    nowMs += 1_000
    expect([rates.take('192.0.2.1'), rates.take('192.0.2.1')]).toEqual([true, false])
    expect(['2001:db8::1', '2001:db8::2', '2001:db8::3'].map((address) => rates.take(address))).toEqual([
      true,
      true,
      false,
    ])
    nowMs += 3_600_000
    expect([rates.take(null), rates.take(null), rates.take(null)]).toEqual([true, true, false])
  })

  it('of more clients than can be kept forget the longest silent one', () => {
    const rates = createClientRates({ rate: { burst: 1, perMinute: 0.001 }, nowMs: () => 0 })
    expect(rates.take('192.0.2.1')).toBe(true)
    expect(rates.take('192.0.2.1')).toBe(false)
    for (let n = 0; n < 20_000; n++) rates.take(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
    expect(rates.take('192.0.2.1')).toBe(true)
  })
})
