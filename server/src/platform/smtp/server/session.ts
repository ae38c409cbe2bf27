import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { AUTH_MECHANISMS } from './auth.ts'
import { AuthGate } from './auth-gate.ts'
import type { SessionPredicate } from './auth-gate.ts'
import { Channel } from './channel.ts'
import { isHelloName, parseCommand } from './command.ts'
import { DataReader } from './data-reader.ts'
import type { DataStep } from './data-reader.ts'
import { parseMail, parseRecipient } from './envelope.ts'
import type { MailRules } from './envelope.ts'
import type { LineStep } from './line-buffer.ts'
import { checkedReply, formatPlain, INTERNAL_FAILURE, isPositive, NO_ANSWER } from './reply.ts'
import type { SmtpReply } from './reply.ts'
import { REPLIES, REFUSED_CONTENT } from './replies.ts'
import { refusalFor } from './transitions.ts'
import type { State, Verb } from './transitions.ts'
import type { SmtpListener, SmtpMessage, SmtpPath, SmtpPeer, SmtpServerOptions } from './types.ts'

/** What all sessions of a server share. */
export interface SessionContext<Session> {
  readonly options: SmtpServerOptions<Session>
  readonly mailRules: MailRules
  readonly secureContext: () => SecureContext
  readonly reserve: (bytes: number, address: string | null) => boolean
  readonly release: (bytes: number, address: string | null) => void
  readonly onEnd: (session: SmtpSession<Session>) => void
}

interface Transaction {
  readonly from: SmtpPath
  readonly smtputf8: boolean
  readonly recipients: SmtpPath[]
}

/** NOOP, RSET, VRFY and EHLO that are let pass between two messages; each further one counts as an error. */
const IDLE_COMMANDS = 100
const DEFAULT_AUTH_FAILURES = 3
const DEFAULT_DATA_LINE_BYTES = 65_536
/** The first octet of a TLS record: somebody speaks TLS to a clear-text port. */
const TLS_HANDSHAKE = 0x16

/** One connection, from greeting to end. Commands are handled strictly one after the other. */
export class SmtpSession<Session> {
  readonly #context: SessionContext<Session>
  readonly #listener: SmtpListener
  readonly #channel: Channel
  readonly #auth: AuthGate<Session>
  #peer: SmtpPeer
  #transaction: Transaction | null = null
  #reader: DataReader | null = null
  #drains = false
  #idleCommands = 0
  #anonymousCommands = 0

  constructor(context: SessionContext<Session>, socket: Socket, listener: SmtpListener, peer: SmtpPeer) {
    this.#context = context
    this.#listener = listener
    this.#peer = peer
    this.#channel = new Channel({
      socket,
      limits: context.options.limits,
      log: context.options.log,
      driver: this,
    })
    this.#auth = new AuthGate({
      channel: this.#channel,
      handler: context.options.handler,
      failures: context.options.limits.authFailures ?? DEFAULT_AUTH_FAILURES,
      peer: () => this.#peer,
    })
    if (listener.tls === 'implicit') this.#secure()
    else {
      this.#channel.open()
      this.#greet()
    }
  }

  get peer(): SmtpPeer {
    return this.#peer
  }

  /** Judges the time the peer takes; called often with `performance.now()`. */
  sweep(now: number): void {
    this.#channel.sweep(now)
  }

  /** Ends the session if the predicate says so; see `SmtpServer.closeSessions`. */
  revoke(predicate: SessionPredicate<Session>, farewell: SmtpReply): boolean {
    if (this.#channel.closed || !this.#auth.revokes(predicate, farewell)) return false
    this.#channel.endSoon(farewell, 'revoked')
    return true
  }

  /** Ends now if idle, otherwise after the transaction. */
  drain(): void {
    this.#drains = true
    if (this.#transaction === null) this.#channel.endSoon(REPLIES.shutdown, 'shutdown')
  }

  /** Ends without waiting for anything. */
  abort(): void {
    if (!this.#channel.busy) this.#channel.end(REPLIES.shutdown, 'shutdown')
    this.#channel.destroy()
  }

  step(): boolean {
    return this.#reader === null ? this.#readLine() : this.#readData(this.#reader)
  }

  onSecure(tls: { readonly protocol: string; readonly cipher: string }): void {
    // Everything learnt in clear text is forgotten (RFC 3207 §4.2).
    this.#peer = { ...this.#peer, tls, helo: null, esmtp: false }
    if (this.#listener.tls === 'starttls') this.#channel.resume()
    else this.#greet()
  }

  onEnd(): void {
    this.#auth.forget()
    this.#transaction = null
    if (!this.#channel.working) this.#dropContent()
  }

  onClose(): void {
    this.#dropContent()
    this.#context.onEnd(this)
  }

  #greet(): void {
    const { hostname, bannerText, handler } = this.#context.options
    const greeting = formatPlain(220, [
      `${hostname} ESMTP${bannerText === undefined ? '' : ` ${bannerText}`}`,
    ])
    const connect = handler.connect?.bind(handler)
    if (connect === undefined) {
      this.#channel.sendText(greeting)
      this.#channel.resume()
      return
    }
    this.#channel.ask(
      () => connect(this.#peer),
      (answer) => {
        const checked = answer === undefined ? null : checkedReply(answer)
        if (checked === null || isPositive(checked)) this.#channel.sendText(greeting)
        else this.#channel.end(checked, 'refused')
      },
      (failure) => this.#channel.end(failure, 'failure'),
    )
  }

  #readLine(): boolean {
    const { limits } = this.#context.options
    const lines = this.#channel.lines
    if (lines.peek() === TLS_HANDSHAKE) {
      this.#channel.end(REPLIES.tlsOnPlain, 'tls on a clear-text port')
      return false
    }
    const step: LineStep = lines.next(limits.commandLineBytes)
    switch (step.kind) {
      case 'more':
        return false
      case 'tooLong':
        if (this.#auth.asks) this.#auth.lineTooLong()
        else this.#channel.refuse(REPLIES.lineTooLong)
        return true
      case 'flood':
        this.#channel.end(REPLIES.tooManyErrors, 'flood')
        return false
      case 'bareNewline':
        this.#channel.end(REPLIES.bareNewline, 'bare newline')
        return false
      case 'line':
        this.#channel.watch.command()
        if (this.#auth.asks) this.#auth.line(step.text)
        else this.#command(step.text)
        return true
    }
  }

  #command(line: string): void {
    const { limits } = this.#context.options
    if (this.#listener.requireAuth && this.#auth.session === null) {
      this.#anonymousCommands += 1
      if (this.#anonymousCommands > limits.unauthenticatedCommands) {
        this.#channel.end(REPLIES.tooManyCommands, 'too many commands')
        return
      }
    }
    const command = parseCommand(line)
    switch (command.kind) {
      case 'http':
        this.#channel.end(REPLIES.http, 'http')
        return
      case 'unreadable':
        this.#channel.refuse(REPLIES.unreadable)
        return
      case 'unknown':
        this.#channel.refuse(REPLIES.unknown)
        return
      case 'unimplemented':
        this.#channel.refuse(REPLIES.unimplemented)
        return
      case 'verb': {
        const refusal = refusalFor(this.#state(), command.verb)
        if (refusal === null) this.#execute(command.verb, command.argument)
        else this.#channel.refuse(refusal)
      }
    }
  }

  #state(): State {
    if (this.#listener.requireTls && this.#peer.tls === null) return 'insecure'
    if (this.#peer.helo === null) return 'fresh'
    if (this.#listener.requireAuth && this.#auth.session === null) return 'anonymous'
    if (this.#transaction === null) return 'ready'
    return this.#transaction.recipients.length === 0 ? 'mail' : 'recipients'
  }

  #execute(verb: Verb, argument: string): void {
    const bare = verb === 'DATA' || verb === 'RSET' || verb === 'QUIT' || verb === 'STARTTLS'
    if (bare && argument !== '') {
      this.#channel.refuse(REPLIES.noArgument)
      return
    }
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return this.#hello(verb, argument)
      case 'STARTTLS':
        return this.#startTls()
      case 'AUTH':
        return this.#startAuth(argument)
      case 'MAIL':
        return this.#mail(argument)
      case 'RCPT':
        return this.#recipient(argument)
      case 'DATA':
        return this.#data()
      case 'RSET':
        this.#finishTransaction()
        return this.#idle(REPLIES.ok)
      case 'NOOP':
        return this.#idle(REPLIES.ok)
      case 'VRFY':
        return this.#idle(argument === '' ? REPLIES.needsArgument : REPLIES.cannotVerify)
      case 'QUIT':
        return this.#channel.end(REPLIES.bye, 'quit')
    }
  }

  #hello(verb: 'EHLO' | 'HELO', name: string): void {
    if (!isHelloName(name)) {
      this.#channel.refuse(REPLIES.badHello)
      return
    }
    const { options } = this.#context
    this.#finishTransaction()
    this.#peer = { ...this.#peer, helo: name, esmtp: verb === 'EHLO' }
    const lines = [options.hostname]
    if (verb === 'EHLO') {
      lines.push('PIPELINING', `SIZE ${options.limits.messageBytes}`)
      if (this.#offersTls() && this.#peer.tls === null) lines.push('STARTTLS')
      if (this.#offersAuth() && this.#mayAuth()) lines.push(`AUTH ${AUTH_MECHANISMS.join(' ')}`)
      lines.push('ENHANCEDSTATUSCODES', '8BITMIME')
      if (options.extensions.smtputf8) lines.push('SMTPUTF8')
      if (options.extensions.dsn === true) lines.push('DSN')
      // RFC 8689 §2: never announced in clear text.
      if (options.extensions.requireTls === true && this.#peer.tls !== null) lines.push('REQUIRETLS')
      lines.push(...(options.extensions.extraMailParameters ?? []))
    }
    this.#channel.sendText(formatPlain(250, lines))
    this.#countIdle()
  }

  #offersTls(): boolean {
    return this.#listener.tls === 'starttls'
  }

  #offersAuth(): boolean {
    return this.#listener.name !== 'inbound'
  }

  #mayAuth(): boolean {
    return this.#peer.tls !== null || this.#listener.tls === 'none'
  }

  #startTls(): void {
    if (this.#peer.tls !== null) return this.#channel.refuse(REPLIES.tlsActive)
    if (!this.#offersTls()) return this.#channel.refuse(REPLIES.unimplemented)
    // Commands that came in clear text behind STARTTLS must never run inside TLS (CVE-2011-0411).
    if (this.#channel.hasUnread) return this.#channel.end(REPLIES.injected, 'input behind STARTTLS')
    this.#secure(REPLIES.startTls)
  }

  #secure(ready?: SmtpReply): void {
    let secureContext: SecureContext
    try {
      secureContext = this.#context.secureContext()
    } catch (error) {
      this.#channel.logFailure(error)
      if (ready === undefined) this.#channel.destroy()
      else this.#channel.send(REPLIES.noTls)
      return
    }
    if (ready !== undefined) this.#channel.send(ready)
    this.#auth.forget()
    this.#channel.secure(secureContext)
  }

  #startAuth(argument: string): void {
    if (!this.#offersAuth()) return this.#channel.refuse(REPLIES.unimplemented)
    if (this.#auth.session !== null) return this.#channel.refuse(REPLIES.authActive)
    if (!this.#mayAuth()) return this.#channel.refuse(REPLIES.authNeedsTls)
    this.#auth.begin(argument)
  }

  #mail(argument: string): void {
    const { mailRules, options } = this.#context
    const rules = { ...mailRules, requireTls: mailRules.requireTls && this.#peer.tls !== null }
    const parsed = parseMail(argument, rules, this.#offersAuth())
    if (!parsed.ok) return this.#channel.refuse(parsed.reply)
    this.#channel.ask(
      () => options.handler.mail(this.#peer, this.#auth.session, parsed.path),
      (answer) => {
        const checked = checkedReply(answer ?? REPLIES.senderOk)
        if (isPositive(checked))
          this.#transaction = { from: parsed.path, smtputf8: parsed.smtputf8, recipients: [] }
        this.#channel.send(checked)
      },
      (failure) => this.#channel.send(failure),
    )
  }

  #recipient(argument: string): void {
    const { handler, limits } = this.#context.options
    const transaction = this.#transaction
    if (transaction === null) return
    const parsed = parseRecipient(argument, transaction.smtputf8, this.#context.mailRules.dsn)
    if (!parsed.ok) return this.#channel.refuse(parsed.reply)
    if (transaction.recipients.length >= limits.recipients)
      return this.#channel.send(REPLIES.tooManyRecipients)
    this.#channel.ask(
      () => handler.recipient(this.#peer, this.#auth.session, parsed.path, transaction.recipients),
      (answer) => {
        const checked = checkedReply(answer ?? REPLIES.recipientOk)
        if (isPositive(checked)) transaction.recipients.push(parsed.path)
        // A stranger that guesses addresses uses up its errors; a customer with a bad list does not.
        if (checked.code >= 500 && this.#auth.session === null) this.#channel.refuse(checked)
        else this.#channel.send(checked)
      },
      (failure) => this.#channel.send(failure),
    )
  }

  #data(): void {
    const { limits } = this.#context.options
    this.#reader = new DataReader({
      messageBytes: limits.messageBytes,
      lineBytes: limits.dataLineBytes ?? DEFAULT_DATA_LINE_BYTES,
      reserve: (bytes) => this.#context.reserve(bytes, this.peer.address),
      release: (bytes) => this.#context.release(bytes, this.peer.address),
    })
    this.#channel.sendText(formatPlain(354, ['End data with <CR><LF>.<CR><LF>']))
    this.#channel.watch.data()
  }

  #readData(reader: DataReader): boolean {
    const chunk = this.#channel.lines.takeAll()
    if (chunk.length === 0) return false
    this.#channel.watch.progress(chunk.length)
    const step: DataStep = reader.feed(chunk)
    switch (step.kind) {
      case 'more':
        return false
      case 'bareNewline':
        this.#channel.end(REPLIES.bareNewline, 'bare newline')
        return false
      case 'flood':
        this.#channel.end(REFUSED_CONTENT.size, 'flood')
        return false
      case 'end':
        if (step.rest.length > 0) this.#channel.lines.push(step.rest)
        this.#channel.watch.command()
        this.#deliver(reader)
        return true
    }
  }

  #deliver(reader: DataReader): void {
    const transaction = this.#transaction
    const result = reader.result()
    if (transaction === null || result.kind === 'refused') {
      this.#finishTransaction()
      this.#channel.refuse(result.kind === 'refused' ? REFUSED_CONTENT[result.why] : INTERNAL_FAILURE)
      return
    }
    const message: SmtpMessage = {
      from: transaction.from,
      recipients: transaction.recipients,
      raw: result.raw,
      smtputf8: transaction.smtputf8,
      body8bit: result.eightBit,
      longestLineBytes: result.longestLineBytes,
    }
    const done = (answer: SmtpReply): void => {
      this.#idleCommands = 0
      this.#finishTransaction()
      this.#channel.send(answer)
    }
    this.#channel.ask(
      () => this.#context.options.handler.message(this.#peer, this.#auth.session, message),
      (answer) => {
        if (answer !== NO_ANSWER) return done(checkedReply(answer))
        this.#finishTransaction()
        this.#channel.destroy()
      },
      done,
    )
  }

  #finishTransaction(): void {
    this.#transaction = null
    this.#dropContent()
    if (this.#drains) this.#channel.endAfterAnswer(REPLIES.shutdown)
  }

  #dropContent(): void {
    this.#reader?.dispose()
    this.#reader = null
  }

  #idle(answer: SmtpReply): void {
    this.#channel.send(answer)
    this.#countIdle()
  }

  #countIdle(): void {
    this.#idleCommands += 1
    if (this.#idleCommands > IDLE_COMMANDS) this.#channel.countError()
  }
}
