import { NO_CAPABILITIES, parseCapabilities } from './capabilities.ts'
import type { Capabilities } from './capabilities.ts'
import { toReply } from './reply-parser.ts'
import type { SmtpAuth, SmtpReply, SmtpTlsOptions } from './types.ts'

export type HandshakeStage = 'banner' | 'ehlo' | 'starttls' | 'auth'

export interface HandshakeFailure {
  readonly stage: HandshakeStage
  readonly cause: string
  readonly temporary: boolean
  readonly tlsFailed: boolean
  readonly reply?: SmtpReply
}

/** What the connection does next. `send` is a line with CRLF; the reply to it belongs to `stage`. */
export type HandshakeStep =
  | { readonly kind: 'send'; readonly line: string; readonly stage: HandshakeStage }
  | { readonly kind: 'upgrade' }
  | { readonly kind: 'ready'; readonly capabilities: Capabilities }
  | { readonly kind: 'failed'; readonly failure: HandshakeFailure }

export interface Handshake {
  readonly stage: HandshakeStage
  onReply(code: number, raw: string): HandshakeStep
  /** TLS is up after STARTTLS: all that was announced before is forgotten (RFC 3207 §4.2). */
  onSecured(): HandshakeStep
}

export interface HandshakeDeps {
  readonly ehloName: string
  readonly mode: SmtpTlsOptions['mode']
  readonly auth: SmtpAuth | undefined
  /** The target is this machine: AUTH without TLS is allowed. */
  readonly loopback: boolean
}

type Waiting =
  | 'banner'
  | 'ehlo'
  | 'helo'
  | 'starttls'
  | 'auth-plain'
  | 'auth-login'
  | 'auth-username'
  | 'auth-final'

/** Banner, EHLO (or HELO), STARTTLS, AUTH as a state machine without a socket. */
export function createHandshake(deps: HandshakeDeps): Handshake {
  let waiting: Waiting = 'banner'
  let secured = deps.mode === 'implicit'
  let startTlsRefused = false
  let capabilities = NO_CAPABILITIES

  const stage = (): HandshakeStage => {
    if (waiting === 'banner' || waiting === 'starttls') return waiting
    return waiting === 'ehlo' || waiting === 'helo' ? 'ehlo' : 'auth'
  }
  const send = (next: Waiting, line: string): HandshakeStep => {
    waiting = next
    return { kind: 'send', line: `${line}\r\n`, stage: stage() }
  }
  const refusedBy = (code: number, raw: string): HandshakeStep => {
    const reply = toReply(code, raw)
    if (code < 400)
      return failed(stage(), `unexpected reply ${code} (${stage()})`, { temporary: true, reply })
    return failed(stage(), `refused with ${code} (${stage()})`, { temporary: code < 500, reply })
  }

  const afterCapabilities = (): HandshakeStep => {
    if (!secured && !startTlsRefused) {
      if (deps.mode !== 'none' && capabilities.startTls) return send('starttls', 'STARTTLS')
      if (deps.mode === 'required')
        return failed('starttls', 'TLS is required, the server does not offer STARTTLS', {
          temporary: true,
          tlsFailed: true,
        })
    }
    if (deps.auth === undefined) return { kind: 'ready', capabilities }
    if (!secured && !deps.loopback)
      return failed('auth', 'credentials are not sent without TLS', { temporary: false })
    if (capabilities.auth.has('PLAIN')) {
      const token = Buffer.from(`\0${deps.auth.username}\0${deps.auth.password.reveal()}`)
      return send('auth-plain', `AUTH PLAIN ${token.toString('base64')}`)
    }
    if (capabilities.auth.has('LOGIN')) return send('auth-login', 'AUTH LOGIN')
    return failed('auth', 'the server offers neither AUTH PLAIN nor AUTH LOGIN', { temporary: false })
  }

  const onReply = (code: number, raw: string): HandshakeStep => {
    const ok = code >= 200 && code < 300
    switch (waiting) {
      case 'banner':
        return code === 220 ? send('ehlo', `EHLO ${deps.ehloName}`) : refusedBy(code, raw)
      case 'ehlo':
        if (ok) {
          capabilities = parseCapabilities(raw)
          return afterCapabilities()
        }
        // RFC 5321 §3.2: a server that does not know EHLO is greeted with HELO. It cannot offer STARTTLS or AUTH.
        if (code >= 500 && code <= 504) return send('helo', `HELO ${deps.ehloName}`)
        return refusedBy(code, raw)
      case 'helo':
        if (!ok) return refusedBy(code, raw)
        capabilities = NO_CAPABILITIES
        return afterCapabilities()
      case 'starttls': {
        if (code === 220) return { kind: 'upgrade' }
        if (code === 421 || code < 400) return refusedBy(code, raw)
        if (deps.mode === 'required')
          return failed('starttls', `STARTTLS was refused with ${code}`, {
            temporary: true,
            tlsFailed: true,
            reply: toReply(code, raw),
          })
        startTlsRefused = true
        return afterCapabilities()
      }
      case 'auth-login':
        if (code !== 334) return refusedBy(code, raw)
        return send('auth-username', base64(deps.auth?.username ?? ''))
      case 'auth-username':
        if (code !== 334) return refusedBy(code, raw)
        return send('auth-final', base64(deps.auth?.password.reveal() ?? ''))
      case 'auth-plain':
      case 'auth-final':
        return code === 235 ? { kind: 'ready', capabilities } : refusedBy(code, raw)
    }
  }

  return {
    get stage() {
      return stage()
    },
    onReply,
    onSecured() {
      secured = true
      capabilities = NO_CAPABILITIES
      return send('ehlo', `EHLO ${deps.ehloName}`)
    },
  }
}

function failed(
  stage: HandshakeStage,
  cause: string,
  options: { temporary: boolean; tlsFailed?: boolean; reply?: SmtpReply },
): HandshakeStep {
  return { kind: 'failed', failure: { stage, cause, tlsFailed: false, ...options } }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
