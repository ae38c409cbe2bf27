import { hostname } from 'node:os'
import { parseMailbox } from '../../kernel/email-address.ts'
import { Redacted } from '../../kernel/redacted.ts'
import { ADDRESS_HINT, file, listen, setting } from './setting.ts'
import type { Mode, Setting } from './setting.ts'
import {
  auditWitnesses,
  cidrs,
  dnsName,
  dnsServers,
  httpsUrl,
  jsonObject,
  logLevel,
  path,
  rootText,
  signUpMode,
} from './setting-parsers.ts'
import type { AuditWitness } from './setting-parsers.ts'
import {
  isHostname,
  parseDatabaseUrl,
  parseDnsServer,
  parseListenAddress,
  parseNumber,
  parseOutbound,
  parsePublicUrl,
  parseRangeUrl,
  parseSwitch,
  textValue,
} from './values.ts'
import type { ListenAddress, Outbound } from './values.ts'

export type { Mode, Setting } from './setting.ts'

const ROOT_HINT =
  'write file:/path, pkcs11:module=…;token=…;label=…, vault:https://…/keys/name;token-file=… or aws-kms:arn:…'

/** The one list of settings: parsing, errors and `docs/configuration.md` all come from it. */
export const SETTINGS = {
  mode: setting<Mode>({
    name: 'BULKHEAD_MODE',
    description:
      '`development` or `production`. Development makes a first API key, a self-signed certificate and trusts `*.test` domains; production refuses all of these.',
    defaultText: 'development',
    parser: textValue('write development or production', (text) =>
      text === 'development' || text === 'production' ? text : null,
    ),
  }),
  dataDirectory: setting({
    name: 'BULKHEAD_DATA',
    description:
      'Directory of everything that is kept on this host: keys, secrets and the embedded PostgreSQL.',
    defaultText: './.bulkhead',
    parser: textValue('write the path of a directory', path),
  }),
  keyringRoot: setting({
    name: 'BULKHEAD_KEYRING_ROOT',
    description:
      'Where the root of all keys is: `file:/path`, `pkcs11:module=…;token=…;label=…;pin-file=…`, `vault:https://host:8200/transit/keys/name;token-file=…` or `aws-kms:arn:aws:kms:…`. See [operations](operations.md#the-root-key).',
    defaultNote: '`file:` and `keyring/root.key` in the data directory',
    defaultText: undefined,
    parser: textValue(ROOT_HINT, rootText),
  }),
  keyringPreviousRoot: setting({
    name: 'BULKHEAD_KEYRING_PREVIOUS_ROOT',
    description:
      'Roots of earlier days, in the same form, separated by `|`. Keys wrapped by them still open, and are wrapped anew by `bulkhead keyring rotate`.',
    defaultText: undefined,
    parser: textValue(ROOT_HINT, (text) =>
      text.split('|').every((part) => rootText(part.trim()) !== null) ? text : null,
    ),
  }),
  keyringPin: setting<Redacted<string>>({
    name: 'BULKHEAD_KEYRING_PIN',
    description: 'PIN of the PKCS#11 token where the root names no `pin-file`. Only the keyring gets it.',
    defaultText: undefined,
    parser: textValue('write the PIN', (text) => (text === '' ? null : new Redacted(text))),
    secret: true,
  }),
  keyringSpool: setting({
    name: 'BULKHEAD_KEYRING_SPOOL',
    description:
      'File of the hourly keys of sensitive messages. The same on all hosts, and in no backup: see [operations](operations.md#keys-rotate-re-wrap-shred-back-up).',
    defaultNote: '`keyring/spool.state` in the data directory',
    defaultText: undefined,
    parser: textValue('write the path of a file', path),
  }),
  keyringBudgets: setting({
    name: 'BULKHEAD_KEYRING_BUDGETS',
    description:
      'What a kind of process may open at least, as JSON: `{"api":{"workspacesPerHour":200,"keysPerMinute":6000}}`. The limit is this or 1.5 times what is ordinary, whichever is more.',
    defaultText: undefined,
    parser: textValue('write JSON, for example {"api":{"workspacesPerHour":200}}', jsonObject),
  }),
  shredDelayHours: setting({
    name: 'BULKHEAD_SHRED_DELAY_HOURS',
    description:
      'Hours between asking for a workspace to be shredded and doing it; until then it can be cancelled.',
    defaultText: '168',
    parser: textValue('write a number of hours from 0 to 8760', (text) => parseNumber(text, 0, 8760)),
  }),
  http: listen('BULKHEAD_HTTP', '127.0.0.1:8600', 'Address of the API and the console.'),
  submission: listen('BULKHEAD_SUBMISSION', '127.0.0.1:8587', 'Address of SMTP submission with STARTTLS.'),
  submissions: listen(
    'BULKHEAD_SUBMISSIONS',
    '127.0.0.1:8465',
    'Address of SMTP submission with TLS from the first byte.',
  ),
  inbound: setting<ListenAddress | 'off'>({
    name: 'BULKHEAD_INBOUND',
    description:
      'Address at which mail from outside is taken: bounces, complaints, TLS reports, mail for [inbound routes](inbound.md). Port 25 of the return-path domain leads here. `off`: none is taken. See [bounces](bounces.md).',
    defaultText: '127.0.0.1:8525',
    parser: textValue(`write off, or ${ADDRESS_HINT.slice('write '.length)}`, (text) =>
      text === 'off' ? 'off' : parseListenAddress(text),
    ),
  }),
  metrics: setting<ListenAddress | 'off'>({
    name: 'BULKHEAD_METRICS',
    description:
      'Address at which the metrics of all processes of this host are read: `GET /metrics`. Keep it on a network that only your monitoring reaches. `off`: none are served. See [monitoring](monitoring.md).',
    defaultText: '127.0.0.1:9464',
    parser: textValue(`write off, or ${ADDRESS_HINT.slice('write '.length)}`, (text) =>
      text === 'off' ? 'off' : parseListenAddress(text),
    ),
  }),
  otlpUrl: setting({
    name: 'BULKHEAD_OTLP_URL',
    description:
      'OpenTelemetry collector that gets traces, by OTLP over HTTP: `http://127.0.0.1:4318`. See [monitoring](monitoring.md#traces).',
    defaultNote: 'none; nothing is traced',
    defaultText: undefined,
    parser: textValue('write a URL, for example http://127.0.0.1:4318', parsePublicUrl),
  }),
  traceSample: setting({
    name: 'BULKHEAD_TRACE_SAMPLE',
    description:
      'Part of all messages and requests that is traced, from 0 to 1. What fails is traced in any case.',
    defaultText: '0.01',
    parser: textValue('write a number from 0 to 1', (text) => parseNumber(text, 0, 1)),
  }),
  staff: listen(
    'BULKHEAD_STAFF',
    '127.0.0.1:8082',
    'Address of the staff API. Keep it on a network that only staff reach.',
  ),
  databaseUrl: setting<Redacted<string>>({
    name: 'BULKHEAD_DATABASE_URL',
    description:
      'PostgreSQL 15 or newer to use, `postgresql://owner:password@host/database`. The owner may create roles. Unset: an embedded PostgreSQL in the data directory.',
    defaultText: undefined,
    parser: textValue('write postgresql://owner:password@host:5432/database', parseDatabaseUrl),
    secret: true,
  }),
  outbound: setting<Outbound>({
    name: 'BULKHEAD_OUTBOUND',
    description:
      "Where mail goes: `capture` (a local inbox, nothing leaves this host), `direct` (to the recipients' MX hosts), or a relay `smtp://host:port` or `smtps://user:password@host:port`.",
    defaultText: 'capture',
    parser: textValue(
      'write capture, direct, smtp://host:port or smtps://user:password@host:port',
      parseOutbound,
    ),
    secret: true,
  }),
  sensitiveViaRelay: setting({
    name: 'BULKHEAD_SENSITIVE_VIA_RELAY',
    description:
      'Whether sensitive messages (resets, codes, invitations) may pass a relay, which could read them. Off: they are refused where `BULKHEAD_OUTBOUND` is a relay, and in production where it is `capture`.',
    defaultText: 'off',
    parser: textValue('write on or off', parseSwitch),
  }),
  setupFile: file(
    'BULKHEAD_SETUP_FILE',
    'Development only: at first start a JSON file (mode 0600) with the addresses, a workspace, an API key and an SMTP credential is written here.',
  ),
  retryScale: setting({
    name: 'BULKHEAD_RETRY_SCALE',
    description: 'Multiplies every delay of the retry schedule; tests use small values.',
    defaultText: '1',
    parser: textValue('write a number from 0.0001 to 100', (text) => parseNumber(text, 0.0001, 100)),
  }),
  allowPrivateTargets: setting({
    name: 'BULKHEAD_ALLOW_PRIVATE_TARGETS',
    description: 'Whether webhooks and relays may be on loopback and private addresses.',
    defaultNote: '`on` in development, `off` in production',
    defaultText: (mode) => (mode === 'development' ? 'on' : 'off'),
    parser: textValue('write on or off', parseSwitch),
  }),
  tlsCert: file(
    'BULKHEAD_TLS_CERT',
    'PEM file with the certificate chain for SMTP. Required in production; in development a self-signed one is made in the data directory.',
  ),
  tlsKey: file('BULKHEAD_TLS_KEY', 'PEM file with the private key of `BULKHEAD_TLS_CERT`.'),
  hostname: setting({
    name: 'BULKHEAD_HOSTNAME',
    description:
      'Name of this host in the SMTP banner and in EHLO. For `direct`, the reverse name of the sending address.',
    defaultNote: "the system's host name",
    defaultText: () => (isHostname(hostname()) ? hostname() : 'localhost'),
    parser: textValue('write a host name, for example mail.example.com', dnsName),
  }),
  delegationZone: setting({
    name: 'BULKHEAD_DELEGATION_ZONE',
    description: 'DNS zone under which the DKIM selectors and return paths of sending domains are delegated.',
    defaultText: undefined,
    parser: textValue('write a DNS zone, for example dkim.example.net', dnsName),
  }),
  trackingHost: setting({
    name: 'BULKHEAD_TRACKING_HOST',
    description:
      'Host of links in mail of workspaces without a link domain of their own, and what link domains point to. Nothing of the API answers there. See [tracking](tracking.md#link-domains).',
    defaultNote: 'the host of `BULKHEAD_PUBLIC_URL`, under `/t/` and `/u/`',
    defaultText: undefined,
    parser: textValue('write a host name, for example links.example.net', dnsName),
  }),
  returnPathDomain: setting({
    name: 'BULKHEAD_RETURN_PATH_DOMAIN',
    description:
      'Domain whose mail comes to `BULKHEAD_INBOUND`. Bounces of what is sent come back to it, and are understood. Without one, bounces go to the address in From, except of domains whose own return path is published.',
    defaultNote:
      '`rp.` and `BULKHEAD_DELEGATION_ZONE` where that is set; in development `bounces.bulkhead.test`; else none',
    defaultText: (mode) => (mode === 'development' ? 'bounces.bulkhead.test' : undefined),
    parser: textValue('write a domain, for example bounces.example.net', dnsName),
  }),
  simulator: setting<string>({
    name: 'BULKHEAD_SIMULATOR',
    description:
      'Domain whose addresses play the fates of mail: `accept@`, `bounce@`, `defer@`, `complain@` and others. `off`: none.',
    defaultText: 'simulator.bulkhead.test',
    parser: textValue('write a domain, or off', dnsName),
  }),
  dnsServers: setting<readonly ListenAddress[]>({
    name: 'BULKHEAD_DNS_SERVERS',
    description:
      'DNS servers for MX and for domain verification, a comma-separated list of `address` or `address:port`.',
    defaultNote: "the system's",
    defaultText: '',
    parser: textValue(
      'write IP addresses separated by commas, for example 127.0.0.1:5353,9.9.9.9',
      dnsServers,
    ),
  }),
  dnssecResolver: setting<ListenAddress>({
    name: 'BULKHEAD_DNSSEC_RESOLVER',
    description:
      'A validating DNS resolver, `address` or `address:port`, best on this host: its word that an answer is secure is believed, and DANE is on. See [transport security](transport-security.md).',
    defaultNote: 'none, and DANE is off',
    defaultText: undefined,
    parser: textValue(
      'write the IP address of a validating resolver, for example 127.0.0.1:53',
      parseDnsServer,
    ),
  }),
  tlsReports: setting({
    name: 'BULKHEAD_TLS_REPORTS',
    description:
      'Whether domains that ask for it get a daily report of TLS sessions with their mail servers (RFC 8460), sent from `BULKHEAD_SYSTEM_FROM`.',
    defaultText: 'on',
    parser: textValue('write on or off', parseSwitch),
  }),
  publicUrl: setting({
    name: 'BULKHEAD_PUBLIC_URL',
    description:
      'The address under which people reach the API and the console, for links in mail and output.',
    defaultNote: '`http://` and `BULKHEAD_HTTP`',
    defaultText: undefined,
    parser: textValue('write a URL, for example https://mail.example.com', parsePublicUrl),
  }),
  trustedProxies: setting<readonly string[]>({
    name: 'BULKHEAD_TRUSTED_PROXIES',
    description:
      'Networks of reverse proxies, a comma-separated list such as `10.0.0.0/8,::1`. Their X-Forwarded-For says who the client is; everybody else is whom the connection comes from.',
    defaultNote: 'none',
    defaultText: '',
    parser: textValue('write networks separated by commas, for example 10.0.0.0/8,2001:db8::/32', cidrs),
  }),
  staffAllow: setting<readonly string[]>({
    name: 'BULKHEAD_STAFF_ALLOW',
    description:
      'Networks from which the staff process answers, a comma-separated list such as `10.0.0.0/8,2001:db8::/48`. Whoever comes from elsewhere is refused before anything of the request is looked at.',
    defaultNote: 'all that reach its port',
    defaultText: '',
    parser: textValue('write networks separated by commas, for example 10.0.0.0/8,2001:db8::/48', cidrs),
  }),
  leakReportKeysUrl: setting({
    name: 'BULKHEAD_LEAK_REPORT_KEYS_URL',
    description:
      'Where the public keys are that sign reports of leaked keys; GitHub: `https://api.github.com/meta/public_keys/secret_scanning`. Without it signed reports are not taken. See [credentials](credentials.md#leaked-keys).',
    defaultText: undefined,
    parser: textValue('write a URL that begins with https://', httpsUrl),
  }),
  systemFrom: setting({
    name: 'BULKHEAD_SYSTEM_FROM',
    description:
      'Who sends the mail of the installation itself: verification, reset, invitations, security notices. See [operations](operations.md#system-mail).',
    defaultNote:
      '`Bulkhead <no-reply@bulkhead.test>` in development; none in production, where such mail then waits',
    defaultText: (mode) => (mode === 'development' ? 'Bulkhead <no-reply@bulkhead.test>' : undefined),
    parser: textValue('write an address such as Bulkhead <no-reply@mail.example.com>', (text) =>
      parseMailbox(text).ok ? text.trim() : null,
    ),
  }),
  signUp: setting({
    name: 'BULKHEAD_SIGN_UP',
    description:
      'Who may sign up: `open`: whoever has an address, and may make a workspace; `invited`: whom a workspace has invited. The answer to a sign-up is the same.',
    defaultNote: '`open` in development, `invited` in production',
    defaultText: (mode) => (mode === 'development' ? 'open' : 'invited'),
    parser: textValue('write open or invited', signUpMode),
  }),
  logLevel: setting({
    name: 'BULKHEAD_LOG_LEVEL',
    description: '`debug`, `info`, `warn` or `error`. Logs never hold personal data, whatever the level.',
    defaultText: 'info',
    parser: textValue('write debug, info, warn or error', logLevel),
  }),
  retentionDays: setting({
    name: 'BULKHEAD_RETENTION_DAYS',
    description:
      'Days for which messages, their content and what became of them are kept; they go by whole weeks.',
    defaultText: '35',
    parser: textValue('write a whole number from 7 to 3650', (text) =>
      /^\d+$/.test(text) ? parseNumber(text, 7, 3650) : null,
    ),
  }),
  auditDirectory: setting({
    name: 'BULKHEAD_AUDIT_FILES',
    description:
      'Directory of the audit log as files: the public half in the layout of C2SP tlog-tiles, the records beside it. Keep it, or a copy, elsewhere than the database: it tells what a restored backup has lost.',
    defaultNote: '`audit` in the data directory',
    defaultText: undefined,
    parser: textValue('write the path of a directory', path),
  }),
  auditWitnesses: setting<readonly AuditWitness[]>({
    name: 'BULKHEAD_AUDIT_WITNESSES',
    description:
      'Witnesses that cosign the audit log, a comma-separated list of `url verifier-key`; `bulkhead witness` prints its key.',
    defaultNote: 'none',
    defaultText: '',
    parser: textValue(
      'write https://witness.example.com witness.example.com+1a2b3c4d+BA…, several separated by commas',
      auditWitnesses,
    ),
  }),
  appeal: setting({
    name: 'BULKHEAD_APPEAL',
    description:
      'Where whoever is contained may object: a URL, an address or a sentence. Every refusal carries it.',
    defaultText: 'Write to the operator of this installation.',
    parser: textValue('write up to 300 printable characters', (text) =>
      /^[\x20-\x7e]{1,300}$/.test(text) ? text : null,
    ),
  }),
  breachedRangeUrl: setting({
    name: 'BULKHEAD_BREACHED_RANGE_URL',
    description:
      'A range service for breached passwords, for example `https://api.pwnedpasswords.com/range`. It is asked at log-ins and for new passwords that no list on this host knows, and learns the first five digits of their SHA-1; where it does not answer, the lists decide. See [passwords](passwords.md#breached-passwords).',
    defaultNote: 'none is asked',
    defaultText: undefined,
    parser: textValue(
      'write an https URL without a query, for example https://api.pwnedpasswords.com/range',
      parseRangeUrl,
    ),
  }),
  shaping: file(
    'BULKHEAD_SHAPING',
    'TOML file with rules of your own for how fast mail goes where, on top of those that are shipped; it is read again when it changes. See [shaping](shaping.md).',
  ),
  senders: setting({
    name: 'BULKHEAD_SENDERS',
    description: 'Number of sender processes on this host.',
    defaultText: '1',
    parser: textValue('write a whole number from 0 to 64', (text) =>
      /^\d+$/.test(text) ? parseNumber(text, 0, 64) : null,
    ),
  }),
} as const

/** The settings as a Markdown table: the body of `docs/configuration.md`. */
export function configurationTable(): string {
  const rows = Object.values(SETTINGS).map((item) => {
    const shown: Setting<unknown> = item
    const plain = typeof shown.defaultText === 'string' ? `\`${shown.defaultText}\`` : 'unset'
    return `| \`${shown.name}\` | ${shown.defaultNote ?? plain} | ${shown.description.replaceAll('|', '\\|')} |`
  })
  return ['| Variable | Default | Meaning |', '|---|---|---|', ...rows, ''].join('\n')
}
