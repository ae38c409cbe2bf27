import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { waitFor } from '../clock.ts'
import { freePorts } from '../free-port.ts'
import { findProgram, isAlive, SENDER_DOMAIN, startProgram, temporaryDirectory, waitForPort } from './peer.ts'
import type { Peer, PeerMix, PeerOptions } from './peer.ts'

/** The services of Debian's master.cf, without chroot and without local delivery, and the SMTP server on our port. */
function masterCf(port: number, mix: PeerMix | undefined): string {
  const providers = Object.entries(mix?.connections ?? {}).map(
    ([name, connections]) => `out-${name} unix - - n - ${connections ?? '-'} smtp\n`,
  )
  return `${providers.join('')}127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
}

/**
 * Each provider has a transport with its number of connections, as operators set Postfix up for them; it has no limit for a provider's rate
 * but a pause between single messages. Retries come after seconds.
 */
function mixLines(root: string, mix: PeerMix): string[] {
  const limits = Object.entries(mix.connections)
    .filter(([, connections]) => connections !== null)
    .map(([name, connections]) => `out-${name}_destination_concurrency_limit = ${connections}`)
  return [
    `transport_maps = texthash:${root}/config/transport`,
    'minimal_backoff_time = 5s',
    'queue_run_delay = 5s',
    'default_process_limit = 100',
    ...limits,
  ]
}

function transportMap({ routes }: PeerMix, port: number): string {
  return Object.entries(routes)
    .map(([domain, { provider, address }]) => `${domain} out-${provider}:[${address}]:${port}\n`)
    .join('')
}

/** Only what makes the instance private, relays all to the sink, and allows 50 connections out: the rest is as Postfix ships. */
function mainCf(root: string, options: PeerOptions, milterPort: number): string {
  const lines = [
    'compatibility_level = 3.6',
    `queue_directory = ${root}/queue`,
    `data_directory = ${root}/data`,
    'mail_owner = postfix',
    'setgid_group = postdrop',
    'myhostname = postfix.bench.test',
    'myorigin = bench.test',
    'mydestination =',
    'local_recipient_maps =',
    'alias_maps =',
    'alias_database =',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    'mynetworks = 127.0.0.0/8',
    'smtpd_relay_restrictions = permit_mynetworks, reject',
    ...(options.mix === undefined
      ? [`relayhost = [127.0.0.1]:${options.sinkPort}`]
      : mixLines(root, options.mix)),
    'smtp_destination_concurrency_limit = 50',
    'smtp_host_lookup = native',
    `smtp_tls_security_level = ${options.mix === undefined ? 'none' : 'may'}`,
    'biff = no',
  ]
  if (milterPort > 0) {
    lines.push(`smtpd_milters = inet:127.0.0.1:${milterPort}`, 'milter_default_action = tempfail')
  }
  return `${lines.join('\n')}\n`
}

function openDkimConf(root: string, port: number): string {
  return `Syslog no
Mode s
Domain ${SENDER_DOMAIN}
Selector bench
KeyFile ${root}/dkim.pem
RequireSafeKeys no
Canonicalization relaxed/relaxed
SignatureAlgorithm rsa-sha256
InternalHosts 127.0.0.1
Socket inet:${port}@127.0.0.1
PidFile ${root}/opendkim.pid
`
}

/** Why Postfix cannot take part, or null when it can. */
export function postfixMissing(signed: boolean): string | null {
  if (findProgram('postfix') === null) return 'postfix is not installed'
  if (process.getuid?.() !== 0) return 'Postfix starts only as root'
  if (signed && findProgram('opendkim') === null) return 'opendkim is not installed'
  return null
}

function masterPid(root: string): number | null {
  try {
    return Number(readFileSync(join(root, 'queue', 'pid', 'master.pid'), 'utf8').trim()) || null
  } catch {
    return null
  }
}

/** The master makes its own session, so ending the starter's process group does not reach it: it is ended by its pid file. */
async function stopMaster(root: string): Promise<void> {
  const pid = masterPid(root)
  if (pid === null || !isAlive(pid)) return
  process.kill(pid, 'SIGTERM')
  await waitFor('the end of Postfix', 10_000, () => !isAlive(pid)).catch(() => process.kill(-pid, 'SIGKILL'))
}

/**
 * Starts a private Postfix that relays everything to the sink: its own configuration, queue and data directories, no service of the system is
 * touched. Signed, mail goes through a private OpenDKIM milter (RSA-2048, relaxed/relaxed). Needs root. Throws with what Postfix said.
 */
export async function startPostfix(options: PeerOptions): Promise<Peer> {
  const postfix = findProgram('postfix')
  if (postfix === null) throw new Error('postfix is not installed')
  await using cleanup = new AsyncDisposableStack()
  const directory = cleanup.use(temporaryDirectory('postfix'))
  const root = directory.path
  chmodSync(root, 0o755)
  for (const name of ['config', 'queue', 'data']) mkdirSync(join(root, name), { mode: 0o755 })
  const owner = Number(execFileSync('id', ['-u', 'postfix'], { encoding: 'utf8' }))
  chownSync(join(root, 'data'), owner, 0)
  const [port = 0, milterPort = 0] = await freePorts(2)
  const pids: number[] = []
  if (options.signed) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(join(root, 'dkim.pem'), privateKey.export({ type: 'pkcs1', format: 'pem' }), {
      mode: 0o600,
    })
    writeFileSync(join(root, 'opendkim.conf'), openDkimConf(root, milterPort))
    const opendkim = await startProgram(findProgram('opendkim') ?? 'opendkim', [
      '-f',
      '-x',
      join(root, 'opendkim.conf'),
    ])
    cleanup.defer(() => opendkim.stop())
    await waitForPort('opendkim', milterPort, opendkim)
    pids.push(opendkim.pid)
  }
  const config = join(root, 'config')
  writeFileSync(join(config, 'main.cf'), mainCf(root, options, options.signed ? milterPort : 0))
  writeFileSync(join(config, 'master.cf'), masterCf(port, options.mix))
  if (options.mix !== undefined)
    writeFileSync(join(config, 'transport'), transportMap(options.mix, options.sinkPort))
  const starter = await startProgram(postfix, ['-c', config, 'start-fg'])
  cleanup.defer(() => starter.stop())
  cleanup.defer(() => stopMaster(root))
  await waitForPort('Postfix', port, starter)
  pids.push(masterPid(root) ?? starter.pid)
  const postconf = join(dirname(postfix), 'postconf')
  const version = execFileSync(postconf, ['-dh', 'mail_version'], { encoding: 'utf8' }).trim()
  const owned = cleanup.move()
  return {
    name: options.signed ? 'Postfix + OpenDKIM' : 'Postfix',
    version,
    signed: options.signed,
    port,
    pids,
    notes: [
      options.signed ? 'signed RSA-2048 by an OpenDKIM milter' : 'unsigned: Postfix has no DKIM of its own',
      options.mix === undefined
        ? 'fsync as shipped, 50 connections out, nothing logged unless syslog runs'
        : 'a transport with its own connection limit for each provider; TLS where offered; no MX look-ups',
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
