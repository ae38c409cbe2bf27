import type { DnsAnswer, DnsResolver } from '../../platform/dns/index.ts'
import type { RecordCheck } from './domain.ts'
import type { ExpectedRecord } from './records.ts'

type Verdict = Omit<RecordCheck, 'purpose' | 'selector'>
type Lookup = Pick<DnsResolver, 'txt' | 'cname'>

const FOUND_MAX = 10
const FOUND_CHARS = 600
/** Labels above a domain that a DMARC policy is looked for in; RFC 9989 §4.10 walks up to eight. */
const DMARC_STEPS = 4

/** Asks DNS for every record and says of each what was found and what to change. Never throws. */
export function checkRecords(expected: readonly ExpectedRecord[], dns: Lookup): Promise<RecordCheck[]> {
  return Promise.all(
    expected.map(async (record) => ({
      purpose: record.purpose,
      ...(record.selector === undefined ? {} : { selector: record.selector }),
      ...(await checkRecord(record, dns)),
    })),
  )
}

function checkRecord(record: ExpectedRecord, dns: Lookup): Promise<Verdict> {
  switch (record.purpose) {
    case 'dkim':
    case 'dkim-standby':
    case 'dkim-ed25519':
      return checkKey(record, dns)
    case 'return-path':
      return checkAlias(record, dns)
    case 'dmarc':
      return checkDmarc(record, dns)
  }
}

/** A lookup of TXT follows CNAMEs, so that it does not matter how the key got there: only that it is ours. */
async function checkKey(record: ExpectedRecord, dns: Lookup): Promise<Verdict> {
  const answer = await dns.txt(record.name)
  switch (answer.kind) {
    case 'failed':
      return couldNotCheck(record, answer.code)
    case 'found': {
      const found = answer.records
      if (found.length > 1) {
        return wrong(
          found,
          `Publish one record at ${record.name}; DNS has ${found.length}, and receivers may read any.`,
        )
      }
      const [text = ''] = found
      const key = publishedKey(text)
      if (key === record.publicKey) return { state: 'ok', found: shorten(found), advice: null }
      const reason =
        key === null
          ? 'The TXT record is not a DKIM key'
          : key === ''
            ? 'The key is revoked (p= is empty)'
            : 'The key is another one'
      return wrong(found, `${reason}. Replace it: ${wanted(record)}.`)
    }
    case 'missing':
    case 'empty':
      return record.type === 'CNAME' ? explainAlias(record, dns) : absent(record)
  }
}

/** There is no key at the end; say whether the CNAME is absent, points elsewhere, or is right. */
async function explainAlias(record: ExpectedRecord, dns: Lookup): Promise<Verdict> {
  const verdict = await checkAlias(record, dns)
  if (verdict.state !== 'ok') return verdict
  return {
    state: 'missing',
    found: verdict.found,
    advice: `The CNAME is right, but ${record.value} does not answer with the key yet: the operator must publish the delegation zone.`,
  }
}

async function checkAlias(record: ExpectedRecord, dns: Lookup): Promise<Verdict> {
  const answer = await dns.cname(record.name)
  if (answer.kind === 'failed') return couldNotCheck(record, answer.code)
  if (answer.kind !== 'found') return absent(record)
  if (answer.records.includes(record.value))
    return { state: 'ok', found: shorten(answer.records), advice: null }
  const doubled = answer.records.some((target) => target.startsWith(`${record.value}.`))
  return wrong(
    answer.records,
    doubled
      ? `The DNS host appended its own zone to the value. Write the value with a final dot: ${record.value}.`
      : `It points elsewhere. Replace it: ${wanted(record)}.`,
  )
}

/** A policy of the domain itself or of one above it (RFC 9989 §4.10); which policy is the owner's business. */
async function checkDmarc(record: ExpectedRecord, dns: Lookup): Promise<Verdict> {
  const labels = record.name.split('.').slice(1)
  for (let step = 0; step < DMARC_STEPS && labels.length - step >= 2; step++) {
    const answer = await dns.txt(`_dmarc.${labels.slice(step).join('.')}`)
    if (answer.kind === 'failed') return couldNotCheck(record, answer.code)
    const policies = textsOf(answer).filter((text) => /^v=DMARC1\s*(?:;|$)/.test(text))
    if (policies.length > 1)
      return wrong(policies, 'Keep one DMARC record; with several, receivers ignore them all.')
    if (policies.length === 1) return { state: 'ok', found: shorten(policies), advice: null }
  }
  return {
    state: 'missing',
    found: [],
    advice: `Large mailbox providers want a DMARC record of senders. Begin with ${wanted(record)}, at an address whose reports you read; raise p= to quarantine or reject when the reports show only your own mail.`,
  }
}

/** The p= of a DKIM key record without white space; null where it is no such record (RFC 6376 §3.6.1). */
export function publishedKey(text: string): string | null {
  const tags = new Map<string, string>()
  for (const part of text.split(';')) {
    const split = part.indexOf('=')
    if (split < 0) continue
    tags.set(part.slice(0, split).trim(), part.slice(split + 1).replaceAll(/\s+/g, ''))
  }
  const version = tags.get('v')
  if (version !== undefined && version !== 'DKIM1') return null
  return tags.get('p') ?? null
}

function textsOf(answer: DnsAnswer<string>): readonly string[] {
  return answer.kind === 'found' ? answer.records : []
}

function wanted(record: ExpectedRecord): string {
  return `${record.type} ${record.name} → ${record.value}`
}

function absent(record: ExpectedRecord): Verdict {
  return { state: 'missing', found: [], advice: `Publish ${wanted(record)}.` }
}

function wrong(found: readonly string[], advice: string): Verdict {
  return { state: 'wrong', found: shorten(found), advice }
}

function couldNotCheck(record: ExpectedRecord, code: string): Verdict {
  return {
    state: 'unknown',
    found: [],
    advice: `Could not check ${record.name} (${code}): its DNS servers did not answer properly. This counts neither for nor against the domain; it is tried again.`,
  }
}

function shorten(texts: readonly string[]): string[] {
  return texts.slice(0, FOUND_MAX).map((text) => text.slice(0, FOUND_CHARS))
}
