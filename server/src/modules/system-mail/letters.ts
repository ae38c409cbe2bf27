import { deviceName, networkName, plainName } from './plain-words.ts'

export interface LetterFacts {
  /** When it happened. */
  readonly at: Date
  /** From where; null where no device was part in it. */
  readonly client?: { readonly userAgent: string; readonly address: string } | null
  /** The only secret a letter may hold. It works until `until`. */
  readonly link?: { readonly url: string; readonly until: Date }
  /** Name of the workspace, as its people wrote it. */
  readonly workspace?: string
  /** One more sentence of ours; nothing that a stranger wrote. */
  readonly more?: string
}

interface Letter {
  readonly subject: string
  /** What happened. */
  readonly happened: (workspace: string) => string
  /** What the link does. */
  readonly link?: string
  /** What to do where it was somebody else. */
  readonly otherwise: string
}

const CHANGE_PASSWORD =
  'If this was not you, somebody else may know your password: reset it, look at your sessions and end those you do not know.'
const NOTHING = 'If this was not you, do nothing: without the link above nothing happens.'
const ASK_OWNER =
  'If this surprises you, end all sessions of the workspace and look at its audit log; an owner can undo the change.'

/** Every letter there is. No subject holds a name, an address or a code: subjects are shown on locked screens. */
const LETTERS = {
  verify_address: {
    subject: 'Confirm your address',
    happened: () => 'Somebody signed up with this address.',
    link: 'Confirm that it is yours:',
    otherwise: NOTHING,
  },
  address_known: {
    subject: 'You have an account already',
    happened: () =>
      'Somebody signed up with this address, which has an account already. Nothing was changed.',
    link: 'If it was you and you do not remember the password, set a new one:',
    otherwise: 'If this was not you, do nothing.',
  },
  reset: {
    subject: 'Set a new password',
    happened: () => 'Somebody asked for a new password for this account.',
    link: 'Set a new password (your second factor stays, and is still needed to sign in):',
    otherwise: NOTHING,
  },
  password_changed: {
    subject: 'Your password was changed',
    happened: () => 'The password of your account was changed. All its sessions were ended.',
    otherwise:
      'If this was not you, reset the password now and look at your second factors: they were not changed.',
  },
  password_breached: {
    subject: 'Your password is known to attackers',
    happened: () =>
      'Somebody entered the right password of your account. It is on a list of stolen passwords, so it no longer signs in.',
    link: 'Set a new password:',
    otherwise:
      'If this was not you, somebody tried stolen passwords; set a new one that you use nowhere else.',
  },
  invitation: {
    subject: 'You are invited to a workspace',
    happened: (workspace) => `You are invited to the workspace ${workspace}.`,
    link: 'Accept the invitation:',
    otherwise: 'If you do not know what this is, do nothing: the invitation ends by itself.',
  },
  email_change_confirm: {
    subject: 'Confirm your new address',
    happened: () => 'Somebody wants to use this address to sign in from now on.',
    link: 'Confirm that it is yours:',
    otherwise: NOTHING,
  },
  email_change_notice: {
    subject: 'The address of your account is being changed',
    happened: () =>
      'Another address shall sign in to your account. Until the change is undone or its time is over, this address is told of everything.',
    link: 'Undo the change:',
    otherwise: 'If this was not you, undo it with the link above and reset your password.',
  },
  recovery_asked: {
    subject: 'Recover your account',
    happened: () => 'Somebody asked to recover your account after all its second factors were lost.',
    link: 'Begin the recovery (it takes 72 hours, and others of your workspaces must approve it):',
    otherwise: NOTHING,
  },
  recovery_started: {
    subject: 'Recovery of your account has begun',
    happened: () => 'Somebody asked to recover your account without its second factor.',
    link: 'Stop it:',
    otherwise:
      'If this was not you, stop it with the link above; until the waiting time is over nothing changes.',
  },
  recovery_ready: {
    subject: 'Your account can be recovered now',
    happened: () => 'The waiting time of the recovery of your account is over.',
    link: 'Go on with it:',
    otherwise:
      'If this was not you, do not open the link, reset your password and tell an owner of your workspace.',
  },
  recovery_done: {
    subject: 'Your account was recovered',
    happened: () => 'Your account was recovered, and its old second factors were removed.',
    otherwise: 'If this was not you, tell an owner of your workspace at once: they can end your sessions.',
  },
  new_device: {
    subject: 'New sign-in to your account',
    happened: () => 'Your account was signed in to from a device that it had not been used on before.',
    otherwise: CHANGE_PASSWORD,
  },
  second_factor_abandoned: {
    subject: 'Somebody entered your password and stopped',
    happened: () =>
      'Somebody entered the right password of your account and then did not show the second factor. Nobody was signed in.',
    otherwise: 'If this was not you, somebody knows your password: set a new one now.',
  },
  factor_added: {
    subject: 'A second factor was added',
    happened: () => 'A second factor was added to your account.',
    otherwise: CHANGE_PASSWORD,
  },
  factor_removed: {
    subject: 'A second factor was removed',
    happened: () => 'A second factor was removed from your account.',
    otherwise: CHANGE_PASSWORD,
  },
  recovery_code_used: {
    subject: 'A recovery code was used',
    happened: () => 'One of the recovery codes of your account was used.',
    otherwise: CHANGE_PASSWORD,
  },
  sessions_ended: {
    subject: 'Your sessions were ended',
    happened: () => 'Sessions of your account were ended.',
    otherwise:
      'If this surprises you, sign in again and look at what was done; an owner of your workspace may know more.',
  },
  account_suspended: {
    subject: 'Your account is suspended',
    happened: () => 'Your account was suspended.',
    otherwise: 'Ask an owner of your workspace, or whoever runs this installation.',
  },
  security_alert: {
    subject: 'Security notice for your workspace',
    happened: (workspace) => `Something happened in the workspace ${workspace} that its owners should know.`,
    otherwise: ASK_OWNER,
  },
  account_alert: {
    subject: 'Security notice for your account',
    happened: () => 'Something happened to your account that you should know.',
    otherwise: CHANGE_PASSWORD,
  },
  digest: {
    subject: 'Security notices of the last hour',
    happened: () =>
      'More happened within an hour than you were mailed one by one. Nothing was left out; this is the rest, counted:',
    otherwise: ASK_OWNER,
  },
  test: {
    subject: 'Test of system mail',
    happened: () => 'The operator of this installation tested whether its own mail arrives. It does.',
    otherwise: 'There is nothing to do.',
  },
} as const satisfies Record<string, Letter>

export type LetterKind = keyof typeof LETTERS

/**
 * The text of a letter: what happened, when, from which device and network, what the link does and until when, and what to do where it
 * was somebody else. The subject holds nothing personal.
 */
export function writeLetter(
  kind: LetterKind,
  facts: LetterFacts,
): { readonly subject: string; readonly text: string } {
  const letter: Letter = LETTERS[kind]
  const { at, client, link, more } = facts
  const workspace = plainName(facts.workspace ?? '')
  const where =
    client === undefined || client === null
      ? null
      : `Where: ${deviceName(client.userAgent)}, network ${networkName(client.address)}`
  const parts = [
    letter.happened(workspace === '' ? 'without a name' : `"${workspace}"`),
    more ?? null,
    [`When: ${minute(at)}`, where].filter((line) => line !== null).join('\n'),
    link === undefined
      ? null
      : `${letter.link ?? 'Go on here:'}\n${link.url}\nThe link works once, until ${minute(link.until)}.`,
    letter.otherwise,
  ]
  return { subject: letter.subject, text: `${parts.filter((part) => part !== null).join('\n\n')}\n` }
}

function minute(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** The same text as HTML: paragraphs, and links where a line is nothing but an address of the web. */
export function letterHtml(text: string): string {
  const paragraphs = text.trim().split(/\n{2,}/)
  const body = paragraphs.map((part) => `<p>${part.split('\n').map(htmlLine).join('<br>')}</p>`).join('\n')
  return `<!doctype html>\n<html lang="en"><body style="font-family:sans-serif;line-height:1.5;max-width:36em">\n${body}\n</body></html>\n`
}

function htmlLine(written: string): string {
  const shown = written.replaceAll(/[&<>"]/g, (char) => HTML[char] ?? char)
  return /^https?:\/\/\S+$/.test(written) ? `<a href="${shown}">${shown}</a>` : shown
}
