import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeXtext, dsnOfMail, dsnOfRecipient, encodeXtext, NOTIFY_WORDS } from './delivery-status.ts'
import { parseMail, parseRecipient } from './envelope.ts'
import { OPEN, RawClient, selfSigned, startServer, SUBMISSION } from './fixture.test-support.ts'

const RULES = {
  messageBytes: 1_000,
  smtputf8: true,
  dsn: true,
  requireTls: true,
  extra: new Set<string>(),
}
const codeOf = (parsed: ReturnType<typeof parseRecipient> | ReturnType<typeof parseMail>): string =>
  parsed.ok ? 'ok' : `${parsed.reply.code} ${parsed.reply.enhanced}`
const mail = (parameters: string): string => codeOf(parseMail(`FROM:<a@x.test> ${parameters}`, RULES, false))
const rcpt = (parameters: string): string => codeOf(parseRecipient(`TO:<b@y.test> ${parameters}`, true, true))
const BAD = '501 5.5.4'

describe('the grammar of RFC 3461', () => {
  it.each([
    ['RET=FULL', 'ok'],
    ['ret=hdrs', 'ok'],
    ['RET=HEADERS', BAD],
    ['RET', BAD],
    ['RET=FULL RET=HDRS', BAD],
    ['ENVID=QQ314159', 'ok'],
    ['ENVID=a+2Bb+3Dc+20d', 'ok'],
    ['ENVID', BAD],
    ['ENVID=', BAD],
    ['ENVID=a+2bb', BAD],
    ['ENVID=a+', BAD],
    ['ENVID=a+0Db', BAD],
    ['ENVID=a+0Ab', BAD],
    ['ENVID=a+E9b', BAD],
    [`ENVID=${'x'.repeat(100)}`, 'ok'],
    [`ENVID=${'x'.repeat(101)}`, BAD],
    ['NOTIFY=NEVER', '555 5.5.4'],
    ['REQUIRETLS', 'ok'],
    ['REQUIRETLS=YES', BAD],
  ])('MAIL with %s: %s', (parameters, code) => {
    expect(mail(parameters)).toBe(code)
  })

  it.each([
    ['NOTIFY=NEVER', 'ok'],
    ['NOTIFY=success,FAILURE,Delay', 'ok'],
    ['NOTIFY=SUCCESS,SUCCESS', 'ok'],
    ['NOTIFY=NEVER,FAILURE', BAD],
    ['NOTIFY=FAILURE,NEVER', BAD],
    ['NOTIFY=NEVER,NEVER', BAD],
    ['NOTIFY=SUCCESS,', BAD],
    ['NOTIFY=,SUCCESS', BAD],
    ['NOTIFY=SUCCESS,,DELAY', BAD],
    ['NOTIFY=ALWAYS', BAD],
    ['NOTIFY', BAD],
    ['NOTIFY=', BAD],
    ['NOTIFY=SUCCESS NOTIFY=DELAY', BAD],
    [`NOTIFY=${Array.from({ length: 9 }, () => 'DELAY').join(',')}`, BAD],
    ['ORCPT=rfc822;ann+2Btag@example.com', 'ok'],
    ['ORCPT=utf-8;\\x{7528}\\x{6237}@example.com', 'ok'],
    ['ORCPT=rfc822;\\x{7528}@example.com', 'ok'],
    ['ORCPT=utf-8;a\\b@example.com', BAD],
    ['ORCPT=rfc822;', BAD],
    ['ORCPT=;ann@example.com', BAD],
    ['ORCPT=ann@example.com', BAD],
    ['ORCPT=rfc822;a+0Ab', BAD],
    ['ORCPT=rf(c822;a@b.test', BAD],
    [`ORCPT=rfc822;${'x'.repeat(493)}`, 'ok'],
    [`ORCPT=rfc822;${'x'.repeat(494)}`, BAD],
    ['RET=FULL', '555 5.5.4'],
  ])('RCPT with %s: %s', (parameters, code) => {
    expect(rcpt(parameters)).toBe(code)
  })

  it('xtext gives back every printable text, and holds nothing that ends a parameter or a line', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
          minLength: 1,
        }),
        (text) => {
          const encoded = encodeXtext(text)
          expect(encoded).toMatch(/^[!-~]+$/)
          expect(encoded).not.toContain('=')
          expect(decodeXtext(encoded)).toBe(text)
        },
      ),
    )
  })

  it('whatever is sent, what is taken decodes to printable text within the bounds, and NEVER stands alone', () => {
    const word = fc.constantFrom(...NOTIFY_WORDS, 'never', 'x', '', ' ')
    const part = fc.string({
      unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
      maxLength: 120,
    })
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), part, part, (words, type, text) => {
        const found = parseRecipient(
          `TO:<b@y.test> NOTIFY=${words.join(',')} ORCPT=${type};${text}`,
          true,
          true,
        )
        if (found.ok) {
          const { notify, orcpt } = dsnOfRecipient(found.path.parameters)
          expect(notify).toBeDefined()
          expect(notify?.includes('NEVER') === true ? notify : ['NEVER']).toEqual(['NEVER'])
          expect(orcpt?.length).toBeLessThanOrEqual(500)
          expect(orcpt).toMatch(/^[!-<>-~]+$/)
        } else expect(found.reply.code).toBe(501)
        const from = parseMail(`FROM:<a@x.test> ENVID=${text}`, RULES, false)
        if (!from.ok) expect(from.reply.code).toBe(501)
        else expect(decodeXtext(dsnOfMail(from.path.parameters).envid ?? '')).toMatch(/^[ -~]{1,100}$/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a server with DSN and REQUIRETLS', () => {
  const extensions = { smtputf8: true, dsn: true, requireTls: true }

  it('announces DSN, REQUIRETLS inside TLS only, and hands the options to the handler', async () => {
    const certificate = selfSigned()
    await using running = await startServer({
      listener: { ...SUBMISSION, requireAuth: false, requireTls: false },
      extensions,
      secureContext: () => certificate,
    })
    const client = await RawClient.plain(running.port)
    await client.reply()
    const inClear = await client.ask('EHLO c\r\n')
    expect(inClear).toMatch(/^250[- ]DSN\r$/m)
    expect(inClear).not.toContain('REQUIRETLS')
    expect(await client.ask('MAIL FROM:<a@x.test> REQUIRETLS\r\n')).toMatch(/^555 5\.5\.4 /)
    await client.ask('STARTTLS\r\n')
    await client.upgrade()
    expect(await client.ask('EHLO c\r\n')).toMatch(/^250[- ]REQUIRETLS\r$/m)
    expect(await client.ask('MAIL FROM:<a@x.test> RET=HDRS ENVID=q+2B1 REQUIRETLS\r\n')).toMatch(/^250 /)
    expect(await client.ask('RCPT TO:<b@y.test> NOTIFY=NEVER,DELAY\r\n')).toMatch(/^501 5\.5\.4 /)
    expect(await client.ask('RCPT TO:<b@y.test> NOTIFY=DELAY,FAILURE ORCPT=rfc822;old@y.test\r\n')).toMatch(
      /^250 /,
    )
    await client.ask('DATA\r\n')
    expect(await client.ask('hi\r\n.\r\n')).toMatch(/^250 /)
    client.close()
    const [message] = running.messages
    expect(message?.from.parameters.has('REQUIRETLS')).toBe(true)
    expect(dsnOfMail(message?.from.parameters ?? new Map())).toEqual({ ret: 'HDRS', envid: 'q+2B1' })
    expect(dsnOfRecipient(message?.recipients[0]?.parameters ?? new Map())).toEqual({
      notify: ['FAILURE', 'DELAY'],
      orcpt: 'rfc822;old@y.test',
    })
  })

  it('takes none of it where it is not announced', async () => {
    await using running = await startServer({ listener: OPEN })
    const client = await RawClient.plain(running.port)
    await client.reply()
    expect(await client.ask('EHLO c\r\n')).not.toMatch(/DSN|REQUIRETLS/)
    expect(await client.ask('MAIL FROM:<a@x.test> RET=FULL\r\n')).toMatch(/^555 5\.5\.4 /)
    await client.ask('MAIL FROM:<a@x.test>\r\n')
    expect(await client.ask('RCPT TO:<b@y.test> NOTIFY=NEVER\r\n')).toMatch(/^555 5\.5\.4 /)
    client.close()
  })
})
