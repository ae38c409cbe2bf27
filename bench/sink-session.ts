import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { wallMs } from './clock.ts'
import type { Behaviour, Point, Rule } from './sink-behaviour.ts'

/** A message as it stood on the wire: still dot-stuffed, with its last CRLF. */
export interface Received {
  readonly from: string
  readonly recipients: readonly string[]
  readonly stuffed: Buffer
  readonly tls: boolean
  /** When its MAIL came. */
  readonly startedMs: number
}

export interface SessionDeps {
  readonly behaviour: Pick<Behaviour, 'active' | 'decide'>
  readonly secureContext: SecureContext | null
  readonly requireTls: boolean
  readonly pipelining: boolean
  readonly maxMessageBytes: number
  readonly maxRecipients: number
  readonly idleTimeoutMs: number
  /** Said before an idle connection is closed; empty: nothing. */
  readonly idleReply: string
  /** Counts and journals. It returns before the 250 is written. */
  accept(message: Received): void
  onTls(): void
  onRefused(reply: string): void
  /** Commands that came in clear text behind STARTTLS, which a correct peer never sends (RFC 3207 §4.2). */
  onInjected(): void
  onClose(): void
}

const DOT = Buffer.from('\r\n.\r\n')
const EMPTY = Buffer.alloc(0)
const MAX_LINE = 4096
/** Between two octets of a reply that trickles. */
const TRICKLE_MS = 40
const TRICKLE = '250-patience\r\n'
const GARBAGE = 'no reply and no record of TLS'
/** 4xx and 5xx replies only: what the sender reads as a refusal. */
const isRefusal = (reply: string): boolean => reply.startsWith('4') || reply.startsWith('5')

/** One SMTP connection (RFC 5321, RFC 2920) of the sink. It obeys the rules of its Behaviour at each point of the conversation. */
export class SinkSession {
  readonly #deps: SessionDeps
  #socket: Socket
  /** Below TLS, if any. */
  readonly #plain: Socket
  #buffer: Buffer = EMPTY
  #out = ''
  #from: string | null = null
  #recipients: string[] = []
  #inContent = false
  #bodySeen = false
  #scanned = 0
  #held: NodeJS.Timeout | null = null
  #over = false
  #closed = false
  #tls = false
  #startedMs = 0

  constructor(socket: Socket, deps: SessionDeps) {
    this.#deps = deps
    this.#socket = socket
    this.#plain = socket
    this.#attach(socket)
    this.#at('banner', [], () => this.#say('220 sink.test ESMTP'))
    this.#flush()
  }

  /** Closes at once; `reset`: by a TCP reset. */
  destroy(reset = false): void {
    this.#over = true
    clearTimeout(this.#held ?? undefined)
    if (reset) this.#plain.resetAndDestroy()
    else this.#socket.destroy()
  }

  #attach(socket: Socket): void {
    socket.on('data', (chunk) => this.#feed(chunk))
    socket.on('error', () => socket.destroy())
    socket.setTimeout(this.#deps.idleTimeoutMs, () => this.#idle())
    socket.on('close', () => {
      if (this.#closed || socket !== this.#socket) return
      this.#closed = true
      this.#over = true
      this.#deps.onClose()
    })
  }

  #idle(): void {
    // A transaction that a busy machine holds up is not idle.
    if (this.#from !== null || this.#inContent) return
    if (this.#deps.idleReply !== '' && !this.#over) this.#say(this.#deps.idleReply)
    this.#hangUp()
  }

  #feed(chunk: Buffer): void {
    if (this.#over) return
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    this.#run()
  }

  #run(): void {
    while (this.#held === null && !this.#over) {
      const advanced = this.#inContent ? this.#content() : this.#line()
      if (!advanced) break
    }
    this.#flush()
  }

  #flush(): void {
    if (this.#out === '' || this.#socket.destroyed) return
    this.#socket.write(this.#out, 'latin1')
    this.#out = ''
  }

  #say(reply: string): void {
    this.#out += `${reply}\r\n`
  }

  #refuse(reply: string): void {
    this.#say(reply)
    if (isRefusal(reply)) this.#deps.onRefused(reply)
  }

  /** Closes after what was said has gone out. */
  #hangUp(): void {
    this.#over = true
    this.#flush()
    this.#socket.destroySoon()
  }

  /** Goes on with `proceed`, or does what the rule for this point says instead. */
  #at(point: Point, recipients: readonly string[], proceed: () => void, accept?: () => void): void {
    const { behaviour } = this.#deps
    const rule = behaviour.active ? behaviour.decide(point, recipients) : null
    if (rule === null) {
      proceed()
      return
    }
    if (rule.delayMs === 0) {
      this.#act(rule, proceed, accept)
      return
    }
    this.#flush()
    this.#socket.pause()
    this.#held = setTimeout(() => {
      this.#held = null
      if (this.#over) return
      this.#act(rule, proceed, accept)
      if (!this.#over) this.#socket.resume()
      this.#run()
    }, rule.delayMs)
  }

  #act(rule: Rule, proceed: () => void, accept?: () => void): void {
    switch (rule.action) {
      case 'continue':
        proceed()
        return
      case 'reply':
        if (rule.at === 'dot') this.#clear()
        this.#refuse(rule.reply)
        if (rule.reply.startsWith('421')) this.#hangUp()
        return
      case 'accept-and-drop':
        accept?.()
        this.#hangUp()
        return
      case 'drop':
        this.#hangUp()
        return
      case 'reset':
        this.destroy(true)
        return
      case 'silence':
        this.#stall()
        return
      case 'trickle':
        this.#stall()
        this.#trickle(0)
        return
      case 'garbage':
        this.#say(GARBAGE)
        this.#stall()
        return
      default:
        rule.action satisfies never
    }
  }

  /** Answers nothing any more. */
  #stall(): void {
    this.#over = true
    this.#flush()
    this.#socket.resume()
  }

  #trickle(at: number): void {
    if (this.#socket.destroyed) return
    this.#socket.write(TRICKLE.charAt(at % TRICKLE.length))
    this.#held = setTimeout(() => this.#trickle(at + 1), TRICKLE_MS)
  }

  #clear(): void {
    this.#from = null
    this.#recipients = []
  }

  #line(): boolean {
    const end = this.#buffer.indexOf(10)
    if (end < 0) {
      if (this.#buffer.length > MAX_LINE) {
        this.#refuse('500 5.5.2 line too long')
        this.#hangUp()
      }
      return false
    }
    const line = this.#buffer.toString('latin1', 0, this.#buffer[end - 1] === 13 ? end - 1 : end)
    this.#buffer = this.#buffer.subarray(end + 1)
    this.#command(line)
    return true
  }

  #command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase()
    switch (verb) {
      case 'MAIL':
        this.#at('mail', [], () => this.#mail(line))
        return
      case 'RCPT':
        this.#rcpt(line)
        return
      case 'DATA':
        this.#at('data', this.#recipients, () => this.#data())
        return
      case 'EHLO':
      case 'HELO':
        this.#clear()
        this.#at('ehlo', [], () => this.#say(verb === 'EHLO' ? this.#extensions() : '250 sink.test'))
        return
      case 'RSET':
        this.#clear()
        this.#say('250 2.0.0 ok')
        return
      case 'NOOP':
        this.#say('250 2.0.0 ok')
        return
      case 'STAR':
        this.#startTls()
        return
      case 'QUIT':
        this.#say('221 2.0.0 bye')
        this.#hangUp()
        return
      default:
        this.#refuse('500 5.5.2 not known here')
    }
  }

  #extensions(): string {
    const lines = [
      'sink.test',
      `SIZE ${this.#deps.maxMessageBytes}`,
      '8BITMIME',
      'ENHANCEDSTATUSCODES',
      'SMTPUTF8',
    ]
    if (this.#deps.pipelining) lines.push('PIPELINING')
    if (this.#deps.secureContext !== null && !this.#tls) lines.push('STARTTLS')
    return lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n')
  }

  #mail(line: string): void {
    if (this.#deps.requireTls && !this.#tls) {
      this.#refuse('530 5.7.0 STARTTLS first')
      return
    }
    const path = /^MAIL FROM:\s*<([^>]*)>/i.exec(line)
    if (path === null || this.#from !== null) {
      this.#refuse(path === null ? '501 5.5.4 syntax' : '503 5.5.1 nested MAIL')
      return
    }
    this.#startedMs = wallMs()
    this.#from = Buffer.from(path[1] ?? '', 'latin1').toString('utf8')
    this.#recipients = []
    this.#say('250 2.1.0 ok')
  }

  #rcpt(line: string): void {
    const path = /^RCPT TO:\s*<([^>\s]+)>/i.exec(line)
    if (path === null || this.#from === null || this.#recipients.length >= this.#deps.maxRecipients) {
      this.#refuse(
        path === null
          ? '501 5.5.4 syntax'
          : this.#from === null
            ? '503 5.5.1 need MAIL'
            : '452 4.5.3 too many',
      )
      return
    }
    const recipient = Buffer.from(path[1] ?? '', 'latin1').toString('utf8')
    this.#at('rcpt', [recipient], () => {
      this.#recipients.push(recipient)
      this.#say('250 2.1.5 ok')
    })
  }

  #data(): void {
    if (this.#recipients.length === 0) {
      this.#refuse('503 5.5.1 need RCPT')
      return
    }
    this.#inContent = true
    this.#bodySeen = false
    this.#scanned = 0
    this.#say('354 go on')
  }

  #content(): boolean {
    if (!this.#bodySeen) {
      if (this.#buffer.length === 0) return false
      this.#bodySeen = true
      this.#at('body', this.#recipients, () => {})
      if (this.#held !== null || this.#over) return false
    }
    // An empty message is a dot right after the 354: the CRLF before it belongs to the DATA command.
    const empty = this.#buffer.length >= 3 && this.#buffer.toString('latin1', 0, 3) === '.\r\n'
    const end = empty ? -2 : this.#buffer.indexOf(DOT, this.#scanned)
    if (end === -1) {
      this.#scanned = Math.max(0, this.#buffer.length - DOT.length + 1)
      if (this.#buffer.length > this.#deps.maxMessageBytes) {
        this.#refuse('552 5.3.4 too big')
        this.#hangUp()
      }
      return false
    }
    const stuffed = this.#buffer.subarray(0, end + 2)
    this.#buffer = this.#buffer.subarray(end + 5)
    this.#inContent = false
    const message = {
      from: this.#from ?? '',
      recipients: this.#recipients,
      stuffed,
      tls: this.#tls,
      startedMs: this.#startedMs,
    }
    const accept = (): void => {
      this.#clear()
      this.#deps.accept(message)
    }
    this.#at(
      'dot',
      message.recipients,
      () => {
        accept()
        this.#say('250 2.0.0 ok: kept')
        this.#at('replied', message.recipients, () => {})
      },
      accept,
    )
    return true
  }

  #startTls(): void {
    const { secureContext } = this.#deps
    if (secureContext === null || this.#tls) {
      this.#refuse('502 5.5.1 no STARTTLS here')
      return
    }
    if (this.#buffer.length > 0) {
      this.#deps.onInjected()
      this.#buffer = EMPTY
    }
    this.#at('starttls', [], () => {
      this.#say('220 2.0.0 go on')
      this.#flush()
      this.#at('handshake', [], () => this.#secure(secureContext))
    })
  }

  #secure(secureContext: SecureContext): void {
    const plain = this.#socket
    plain.removeAllListeners('data')
    plain.setTimeout(0)
    this.#tls = true
    this.#clear()
    const secured = new TLSSocket(plain, { isServer: true, secureContext })
    this.#socket = secured
    secured.once('secure', () => this.#deps.onTls())
    this.#attach(secured)
    // The wrapper does not always close when the handshake never ends and the peer goes away.
    plain.once('close', () => secured.destroy())
  }
}
