import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chooseReplays, replayFiles } from '../../../tools/replays/choice.ts'
import { mergedRun, readReplays, terminalTable } from '../../../tools/replays/report.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

/** Every replay that must run; a new one is added here and as a file. */
const DEMANDED = [
  'SCAN',
  'M-01',
  'M-05',
  'M-05B',
  'M-06',
  'M-15',
  'D-04',
  'S-02',
  'S-03',
  'S-07',
  'S-08',
  'S-09',
  'S-09B',
  'C-02',
  'C-04',
  'C-06',
  'C-01',
  'C-03',
  'C-05',
  'D-05',
  'S-12',
  'C-09',
  'C-11',
  'C-12',
  'C-16',
  'C-17',
  'C-15',
  'V-06',
  'V-07',
  'X-02',
  'X-03',
  'X-04',
  'X-05',
  'X-06',
  'X-07',
  'X-08',
  'X-10',
]

/**
 * Every variable that the product reads from its environment, and why it takes no protection away. A name that is not here fails the
 * build until somebody has judged it: the control arms need no switch, so there must be none.
 */
const VARIABLES: Readonly<Record<string, string>> = {
  BULKHEAD_MODE:
    'development trusts .test domains and keeps mail; it seals, isolates, contains and records alike',
  BULKHEAD_DATA: 'a path',
  BULKHEAD_HTTP: 'an address to listen on',
  BULKHEAD_SIGN_UP: 'who may sign up; the answer and what a new account may do are the same (C-16)',
  BULKHEAD_TRUSTED_PROXIES:
    'whose word about the address of a client is taken; unset, nobody’s: it is that of the connection (S-09)',
  BULKHEAD_SUBMISSION: 'an address to listen on',
  BULKHEAD_SUBMISSIONS: 'an address to listen on',
  BULKHEAD_INBOUND: 'an address to listen on',
  BULKHEAD_DATABASE_URL: 'where PostgreSQL is; roles, policies and functions are the same there',
  BULKHEAD_OUTBOUND: 'where mail leaves to',
  BULKHEAD_SETUP_FILE: 'a file that the first start writes',
  BULKHEAD_RETRY_SCALE: 'how long is waited between attempts',
  BULKHEAD_SHAPING: 'a file: how fast mail goes where',
  BULKHEAD_DNSSEC_RESOLVER: 'who validates DNS; unset, nothing is believed to be signed and DANE is not used',
  BULKHEAD_TLS_REPORTS: 'whether reports about TLS are sent to those who ask for them',
  BULKHEAD_TRACKING_HOST: 'a name that link domains point to',
  BULKHEAD_SIMULATOR: 'addresses of this host that play the fates of mail',
  BULKHEAD_RETURN_PATH_DOMAIN: 'where bounces come back to',
  BULKHEAD_ALLOW_PRIVATE_TARGETS:
    'lets webhooks reach private addresses: about the network of the operator, no workspace',
  BULKHEAD_TLS_CERT: 'a certificate',
  BULKHEAD_TLS_KEY: 'its key',
  BULKHEAD_HOSTNAME: 'a name',
  BULKHEAD_BREACHED_RANGE_URL: 'who is asked besides the lists on this host; unset, they decide (C-15)',
  BULKHEAD_DELEGATION_ZONE: 'a name',
  BULKHEAD_STAFF_ALLOW: 'networks from which staff are answered; unset, all (S-09b)',
  BULKHEAD_LEAK_REPORT_KEYS_URL: 'where the keys are that sign reports of leaks; unset, none is taken',
  BULKHEAD_DNS_SERVERS: 'who is asked',
  BULKHEAD_PUBLIC_URL: 'a name',
  BULKHEAD_SYSTEM_FROM: 'who stands in From of the letters of the installation; unset, they wait',
  BULKHEAD_LOG_LEVEL: 'how much is logged; what may be logged does not depend on it (SCAN)',
  BULKHEAD_RETENTION_DAYS: 'how long is kept',
  BULKHEAD_SENDERS: 'how many processes',
  BULKHEAD_CLI_URL: 'where the command line finds the API',
  BULKHEAD_CLI_KEY: 'its key',
  BULKHEAD_CLI_WORKSPACE: 'in which workspace a person acts',
  BULKHEAD_KEYRING_SOCKET: 'set by the supervisor: a path',
  BULKHEAD_KEYRING_ROOT: 'which root; all of them wrap',
  BULKHEAD_STAFF: 'an address to listen on',
  BULKHEAD_METRICS: 'an address to listen on; numbers about machines and queues, none about people',
  BULKHEAD_OTLP_URL: 'who gets traces; unset, nobody. They hold ids, no personal data',
  BULKHEAD_TRACE_SAMPLE: 'how much is traced',
  BULKHEAD_APPEAL: 'a text that the blocked party is told',
  BULKHEAD_AUDIT_FILES: 'a path',
  BULKHEAD_AUDIT_WITNESSES: 'who watches besides; none turns nothing off',
  BULKHEAD_SENSITIVE_VIA_RELAY:
    'the operator lets sensitive mail pass a relay of his; what is stored, shown and erased of it does not change (M-05)',
  BULKHEAD_SHRED_DELAY_HOURS: 'how long a destruction can be cancelled',
  BULKHEAD_KEYRING_BUDGETS:
    'how much each kind of process may open; a kind that may open nothing is refused by the matrix, not by this',
  BULKHEAD_KEYRING_PIN: 'the PIN of a token',
  BULKHEAD_KEYRING_PREVIOUS_ROOT: 'which root wrapped before',
  BULKHEAD_KEYRING_SPOOL: 'a path',
  BULKHEAD_KEYRING_CLIENTS: 'set by the supervisor: tokens and kinds; a kind outside the matrix is refused',
}

/**
 * Named like a switch, and none: the word trust is the proxy's. Whoever names a network of callers there lets them say where they come from, as
 * the description of the setting tells; factors, sessions and keys are looked at alike.
 */
const NO_SWITCHES = new Set(['BULKHEAD_TRUSTED_PROXIES'])

const SOURCES = ['server/src', 'keyring/src', 'tlog/src', 'cli/src']

function productFiles(): string[] {
  return SOURCES.flatMap((part) =>
    readdirSync(join(ROOT, part), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|test-support|test-keyring/.test(name))
      .map((name) => join(ROOT, part, name)),
  )
}

const files = readdirSync(import.meta.dirname).filter(
  (name) => name.endsWith('.test.ts') && name !== 'replays.test.ts',
)
const idOf = (name: string): string =>
  name.startsWith('scan-') ? 'SCAN' : name.split('-').slice(0, 2).join('-').toUpperCase()

describe('the replays', () => {
  it('that are demanded are all there', () => {
    expect(DEMANDED.filter((id) => !files.some((name) => idOf(name) === id))).toEqual([])
  })

  it('name themselves as their files do, and each has a control arm', () => {
    for (const name of files) {
      const source = readFileSync(join(import.meta.dirname, name), 'utf8')
      const ids = [...source.matchAll(/^\s+id: '([A-Z]+(?:-\d+)?[a-z]?)',$/gm)].map((match) => match[1] ?? '')
      expect(ids.length, name).toBeGreaterThan(0)
      for (const id of ids) expect(id.toUpperCase(), name).toBe(idOf(name))
      expect((source.match(/^\s+control:/gm) ?? []).length, name).toBeGreaterThanOrEqual(ids.length * 2)
      expect(source, name).not.toMatch(/\b(?:it|describe)\.(?:skip|todo|only)|skipIf|runIf/)
    }
  })

  it('need no switch in the product: every variable that it reads is judged, and none turns a protection off', () => {
    const read = new Map<string, string>()
    for (const path of productFiles()) {
      for (const [name] of readFileSync(path, 'utf8').matchAll(/\bBULKHEAD_[A-Z0-9_]*[A-Z0-9]\b/g)) {
        if (!name.startsWith('BULKHEAD_INTERNAL')) read.set(name, path)
      }
    }
    expect([...read].filter(([name]) => VARIABLES[name] === undefined)).toEqual([])
    expect(Object.keys(VARIABLES).filter((name) => !read.has(name))).toEqual([])
    expect(
      [...read.keys()].filter(
        (name) =>
          !NO_SWITCHES.has(name) &&
          /DISABLE|SKIP|UNSAFE|INSECURE|BYPASS|_NO_|WITHOUT|UNSEALED|TRUST/.test(name),
      ),
    ).toEqual([])
  })
})

const report = (...tests: unknown[]) => ({ testResults: [{ assertionResults: tests }] })

describe('the report of the replays', () => {
  const facts = { id: 'M-99', source: 'M:1', attack: 'a', bound: 'b', control: 'c' }
  const test = (arm: 'real' | 'control', status: string) => ({
    title: arm,
    status,
    duration: 1_200,
    ancestorTitles: ['M-99: a'],
    failureMessages: [],
    meta: {
      replay: {
        ...facts,
        arm,
        verdict: { breaches: arm === 'control' ? ['all of it'] : [], evidence: { read: 0 } },
      },
    },
  })

  const results = (id: string) =>
    readReplays(report(test('real', 'passed'), test('control', 'passed'))).map((item) => ({ ...item, id }))

  it('calls a replay bounded only where the bound holds and the control arm succeeds', () => {
    const states = [
      report(test('real', 'passed'), test('control', 'passed')),
      report(test('real', 'failed'), test('control', 'passed')),
      report(test('real', 'passed'), test('control', 'failed')),
      report(test('real', 'passed')),
    ].map((each) => readReplays(each)[0]?.state)
    expect(states).toEqual(['bounded', 'broken', 'unproved', 'unproved'])
  })

  it('shows what was measured and what the control arm got', () => {
    const replays = readReplays(report(test('real', 'passed'), test('control', 'passed')))
    const text = terminalTable({ commit: 'x', at: 'y', replays })
    expect(text).toContain('✓ M-99  bounded, 2.4 s')
    expect(text).toContain('evidence  read 0')
    expect(text).toContain('c. Got: all of it')
  })

  it('of a choice keeps the results of the others, each with the commit it is of', () => {
    const whole = mergedRun(null, { commit: 'a', at: '1', replays: [...results('M-99'), ...results('X-01')] })
    const parsed: unknown = JSON.parse(JSON.stringify(whole))
    const merged = mergedRun(parsed, { commit: 'b', at: '2', replays: results('X-01') })
    expect(merged.replays).toMatchObject([
      { id: 'M-99', commit: 'a', at: '1', state: 'bounded' },
      { id: 'X-01', commit: 'b', at: '2', state: 'bounded' },
    ])
    expect(mergedRun(parsed, { commit: 'b', at: '2', replays: [] })).toEqual(whole)
  })

  it('takes ids in any case, help, and nothing else', () => {
    const known = [...replayFiles(readdirSync(import.meta.dirname)).keys()]
    expect(known.toSorted()).toEqual(DEMANDED.toSorted())
    expect(chooseReplays([], known)).toEqual({ kind: 'run', ids: known })
    expect(chooseReplays(['m-05'], known)).toEqual({ kind: 'run', ids: ['M-05'] })
    for (const slip of ['M-0', 'M', '', '--verbose'])
      expect(chooseReplays(['M-05', slip], known)).toMatchObject({
        kind: 'refused',
        text: expect.stringContaining('SCAN'),
      })
    expect(chooseReplays(['--help'], known)).toMatchObject({
      kind: 'help',
      text: expect.stringContaining('M-05B'),
    })
  })

  it('counts a replay that failed before it could judge', () => {
    const broken = {
      title: 'is bounded: b',
      status: 'failed',
      duration: 1,
      ancestorTitles: ['M-98: x'],
      failureMessages: ['Error: no start'],
    }
    expect(readReplays(report(broken))).toMatchObject([
      { id: 'M-98', state: 'broken', arms: { real: { error: 'Error: no start' } } },
    ])
  })
})
