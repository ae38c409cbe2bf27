/** What an address of the simulator does with mail. The local part up to a `+` chooses; what follows is the sender's own label. */
export interface Script {
  readonly name: string
  /** For people: the documentation and the refusal of unknown addresses. */
  readonly about: string
  /** The answer to RCPT; absent: it is taken. */
  readonly recipient?: readonly [code: number, enhanced: string, text: string]
  /** The answer to the content; absent: it is taken. */
  readonly content?: readonly [code: number, enhanced: string, text: string]
  /** Only the first time that a message is offered. */
  readonly once?: true
  /** Milliseconds before the answer to the content. */
  readonly delayMs?: number
  /** The connection ends after the content, and nothing is answered. */
  readonly silence?: true
  /** What comes back to the return path a second later. */
  readonly later?: 'bounce' | 'complaint' | 'absence'
}

/** Texts are of the kind that real servers give, so that what is built on classes and reasons can be tried. */
export const SCRIPTS: readonly Script[] = [
  { name: 'accept', about: 'takes the message' },
  {
    name: 'slow',
    about: 'takes the message after three seconds',
    delayMs: 3_000,
  },
  {
    name: 'bounce',
    about: 'the mailbox does not exist: bounces, and the address is suppressed',
    recipient: [550, '5.1.1', 'The email account that you tried to reach does not exist'],
  },
  {
    name: 'full',
    about: 'the mailbox is full: bounces, and suppresses nobody',
    recipient: [552, '5.2.2', 'The mailbox is full'],
  },
  {
    name: 'blocked',
    about: 'refused for the sender’s reputation: bounces, and suppresses nobody',
    recipient: [550, '5.7.1', 'Messages from this server are blocked because of its poor reputation'],
  },
  {
    name: 'content',
    about: 'refused for what is in it: bounces, and suppresses nobody',
    content: [554, '5.6.1', 'The message was rejected: an attachment of this type is not allowed'],
  },
  {
    name: 'defer',
    about: 'not now, each time: is tried again until it expires',
    recipient: [451, '4.3.0', 'Mail server temporarily rejected the message'],
  },
  {
    name: 'greylist',
    about: 'not the first time, then taken',
    recipient: [451, '4.7.1', 'Greylisted, please try again in a few minutes'],
    once: true,
  },
  {
    name: 'uncertain',
    about: 'takes the content and hangs up without an answer',
    silence: true,
  },
  {
    name: 'bounce-later',
    about: 'takes the message and sends a bounce back: message.returned, and the address is suppressed',
    later: 'bounce',
  },
  {
    name: 'complain',
    about: 'takes the message and reports it as spam: message.complained, and the address is suppressed',
    later: 'complaint',
  },
  {
    name: 'absent',
    about: 'takes the message and sends an auto-reply, which is no bounce',
    later: 'absence',
  },
]

/** The script of an address; null where there is none. */
export function scriptOf(address: string): Script | null {
  const local = address.slice(0, address.lastIndexOf('@')).toLowerCase()
  const name = local.split('+', 1)[0]
  return SCRIPTS.find((script) => script.name === name) ?? null
}
