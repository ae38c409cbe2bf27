import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Fault } from '../../kernel/faults.ts'
import type { Lane } from '../../kernel/lane.ts'
import { createLinkReferences } from '../../security/references/index.ts'
import { LINKS_MAX } from './html-edits.ts'
import { linksOfWorkspace } from './message-links.ts'
import type { LinkPlace, MessageFacts } from './message-links.ts'
import type { WorkspaceTracking } from './tracking-store.ts'
import { placeOf } from './workspace-links.ts'

const references = createLinkReferences(Buffer.alloc(32, 3))
const workspaceId = randomUUID()
const PLACE: LinkPlace = {
  base: 'https://mail.example.net',
  host: '',
  ownHosts: ['mail.example.net'],
  mailDomain: 'bounces.example.net',
}
const SET = { opens: 'on', clicks: 'on', critical: false, host: null } as const

const facts = (over: Partial<MessageFacts> = {}): MessageFacts => ({
  messageId: randomUUID(),
  lane: 'transactional',
  sensitive: false,
  recipients: 1,
  tracking: undefined,
  unsubscribe: undefined,
  ownUnsubscribe: [],
  ...over,
})
const made = (
  over: Partial<MessageFacts> = {},
  set: Partial<WorkspaceTracking> = {},
  place: Partial<LinkPlace> = {},
) => linksOfWorkspace(workspaceId, { ...SET, ...set }, references, { ...PLACE, ...place }).of(facts(over))
const fieldOf = (work: () => unknown): string | undefined => {
  try {
    work()
  } catch (error) {
    return (error as Fault).fields?.[0]?.field
  }
  return undefined
}

describe('the links of a message', () => {
  it.each<[string, Partial<MessageFacts>, Partial<WorkspaceTracking>, unknown]>([
    ['follow the workspace', {}, {}, { opens: true, clicks: true }],
    ['are nothing where it is off', {}, { opens: 'off', clicks: 'off' }, undefined],
    ['follow the message before the workspace', { tracking: { opens: false } }, { clicks: 'off' }, undefined],
    [
      'follow the message where the workspace is off',
      { tracking: { clicks: true } },
      { opens: 'off', clicks: 'off' },
      { clicks: true },
    ],
    ['are nothing in the lane critical', { lane: 'critical' }, {}, undefined],
    [
      'are there in the lane critical where that is set',
      { lane: 'critical' },
      { critical: true },
      { opens: true, clicks: true },
    ],
    [
      'are there in the lane critical where the message asks',
      { lane: 'critical', tracking: { opens: true } },
      { opens: 'off' },
      { opens: true },
    ],
    [
      'are never there in a sensitive message, whatever is set',
      { lane: 'critical', sensitive: true },
      { critical: true },
      undefined,
    ],
    [
      'are never there where the workspace says never',
      {},
      { opens: 'never', clicks: 'never', critical: true },
      undefined,
    ],
  ])('%s', (_name, over, set, tracked) => {
    const links = made(over, set)
    expect(links.tracked).toEqual(tracked)
    if (tracked === undefined)
      expect(links.html('<a href="https://a.test/">x</a>')).toBe('<a href="https://a.test/">x</a>')
  })

  it('are refused where the message asks for what cannot be', () => {
    expect(fieldOf(() => made({ sensitive: true, tracking: { clicks: true } }))).toBe('tracking.clicks')
    expect(fieldOf(() => made({ tracking: { opens: true } }, { opens: 'never' }))).toBe('tracking.opens')
    expect(fieldOf(() => made({ tracking: { opens: false } }, { opens: 'never' }))).toBe(undefined)
  })
})

const namesOf = (over: Partial<MessageFacts>, place: Partial<LinkPlace> = {}) =>
  made(over, {}, place).headers.map(({ name }) => name)

describe('List-Unsubscribe', () => {
  const BOTH = ['List-Unsubscribe', 'List-Unsubscribe-Post']

  it.each<[Lane, boolean | undefined, string[]]>([
    ['bulk', undefined, BOTH],
    ['bulk', false, BOTH],
    ['transactional', undefined, []],
    ['transactional', true, BOTH],
    ['critical', undefined, []],
    ['internal', undefined, []],
  ])('of the lane %s, asked for: %s', (lane, unsubscribe, names) => {
    expect(namesOf({ lane, unsubscribe })).toEqual(names)
  })

  it('has the page and the address, both of this message', () => {
    const messageId = randomUUID()
    const [{ value } = { value: '' }] = made({ lane: 'bulk', messageId }).headers
    const [, page = '', local = ''] =
      /^<https:\/\/mail\.example\.net\/u\/([\w-]+)>, <mailto:([^@>]+)@bounces\.example\.net\?subject=unsubscribe>$/.exec(
        value,
      ) ?? []
    expect(references.read(page, '')).toEqual({ kind: 'unsubscribe', workspaceId, messageId, recipient: 1 })
    expect(references.readAddress(local)).toEqual({ messageId, recipient: 1 })
  })

  it('offers no one click over http, for several recipients, or where the sender says itself how; and no mail where none is taken', () => {
    expect(namesOf({ lane: 'bulk' }, { base: 'http://mail.example.net' })).toEqual(['List-Unsubscribe'])
    expect(namesOf({ lane: 'bulk' }, { base: 'http://localhost:8600' })).toEqual(BOTH)
    expect(namesOf({ lane: 'bulk', recipients: 2 })).toEqual(['List-Unsubscribe'])
    expect(namesOf({ lane: 'bulk', ownUnsubscribe: ['<mailto:leave@shop.example>'] })).toEqual([])
    expect(namesOf({ lane: 'bulk', sensitive: true })).toEqual([])
    expect(made({ lane: 'bulk' }, {}, { mailDomain: null }).headers[0]?.value).not.toContain('mailto')
    expect(made({ lane: 'bulk', recipients: 2 }).headers[0]?.value).not.toContain('mailto')
  })

  it('of the sender is not tracked in the body either', () => {
    const links = made({ ownUnsubscribe: ['<https://shop.example/leave?a=1>, <mailto:x@shop.example>'] })
    expect(links.html('<a href="https://shop.example/leave?a=1">Leave</a>')).toContain(
      'href="https://shop.example/leave?a=1"',
    )
  })
})

/** Texts that look like links of ours, each another one; null: each names another workspace too. */
const forged = (count: number, workspace: Buffer | null) => {
  const token = Buffer.concat([Buffer.of(1), workspace ?? Buffer.alloc(16), Buffer.alloc(40)])
  return Array.from({ length: count }, (_, number) => {
    token.writeUInt32BE(number, workspace === null ? 1 : 40)
    return `http://a/u/${token.toString('base64url')}`
  }).join(' ')
}

describe('a message that is sent again', () => {
  const from = randomUUID()
  const again = (html: string) => {
    const read: string[] = []
    const counted = {
      ...references,
      read: (text: string, ...hosts: string[]) => {
        read.push(text)
        return references.read(text, ...hosts)
      },
    }
    const raw = Buffer.from(`Content-Type: text/html\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${html}`)
    const links = linksOfWorkspace(workspaceId, { ...SET, opens: 'never' }, counted, PLACE)
    const facts = { from, messageId: randomUUID(), lane: 'transactional', recipients: 1 } as const
    return {
      text: links.again(raw, { ...facts, tracked: { opens: true, clicks: true } }).raw.toString(),
      read,
    }
  }
  const own = Buffer.from(workspaceId.replaceAll('-', ''), 'hex')

  it('reads no link that names another workspace, and a bounded number of forged ones that name its own', () => {
    const others = forged(100_000, null)
    expect(again(others)).toEqual({ text: expect.stringContaining(others), read: [] })
    const claimed = again(forged(100_000, own))
    expect(claimed.read.length).toBeGreaterThan(0)
    expect(claimed.read.length).toBeLessThanOrEqual(4 * LINKS_MAX)
  })

  it('has its own links in the place of the earlier ones, each read once, and no picture where opens are off', () => {
    const subject = { workspaceId, messageId: from, recipient: 1 } as const
    const open = references.write({ ...subject, kind: 'open' }, '')
    const picture = `<img src="https://mail.example.net/t/o/${open}.gif" width="1" height="1" alt="" style="display:block;border:0">`
    const click = references.write(
      { ...subject, kind: 'click', link: 0, links: 1, opens: true, url: 'https://a.test/' },
      '',
    )
    const { text, read } = again(`<a href="https://mail.example.net/t/c/${click}">x</a>${picture}</body>`)
    expect(text).toMatch(/<a href="https:\/\/mail\.example\.net\/t\/c\/[\w-]+">x<\/a><\/body>$/)
    expect(text).not.toContain(click)
    expect(read).toEqual([click, open])
  })
})

describe('where links lead', () => {
  const settings = { publicUrl: 'https://Mail.example.net:8443', trackingHost: null, mailDomain: null }

  it('is the host of the installation, its own host for links, or that of the workspace, in this order', () => {
    expect(placeOf(null, settings)).toMatchObject({ base: 'https://mail.example.net:8443', host: '' })
    expect(placeOf(null, { ...settings, trackingHost: 't.example.net' })).toMatchObject({
      base: 'https://t.example.net:8443',
      host: '',
    })
    expect(placeOf('links.shop.example', { ...settings, trackingHost: 't.example.net' })).toMatchObject({
      base: 'https://links.shop.example:8443',
      host: 'links.shop.example',
      ownHosts: ['mail.example.net', 't.example.net', 'links.shop.example'],
    })
  })
})
