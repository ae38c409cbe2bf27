import type { Tone } from '../../ui/chip.tsx'
import type { Reason, Scope } from './suppressions-search.ts'

export const REASON_WORDS: Readonly<Record<Reason, string>> = {
  hard_bounce: 'hard bounce',
  complaint: 'complaint',
  unsubscribe: 'unsubscribed',
  manual: 'by hand',
}

export const REASON_TONES: Readonly<Record<Reason, Tone>> = {
  hard_bounce: 'bad',
  complaint: 'bad',
  unsubscribe: 'warn',
  manual: 'neutral',
}

export const SCOPE_WORDS: Readonly<Record<Scope, string>> = { all: 'all mail', bulk: 'bulk mail only' }

/** What to think of before an entry of this kind is lifted. */
export const BEFORE_LIFTING: Readonly<Record<Reason, string>> = {
  hard_bounce:
    'Its server said that the mailbox is not there. Lift it if you know that it takes mail again; another refusal suppresses it anew.',
  complaint:
    'Its owner reported your mail as spam. Lift it only if they ask for your mail and you can show that: complaints cost the standing of your domain.',
  unsubscribe:
    'Its owner unsubscribed. Lift it only if they subscribe again. Receipts and resets go there in any case.',
  manual: 'Somebody of this workspace put it there. If nobody remembers why, the audit log says who.',
}
