/** When a warming source rests, as data; `judge_sources` in 0034 applies the numbers. */
export interface TroubleRule {
  readonly name: string
  /** Which replies count; absent: none does, it is counted elsewhere. */
  readonly matches?: { readonly enhanced?: RegExp; readonly text?: RegExp; readonly not?: RegExp }
  /** So many within the window, and so many of a hundred recipients tried today and yesterday. */
  readonly hits: number
  readonly percent: number
  readonly windowMinutes: number
  readonly pauseHours: number
  /** Counts only from two workspaces, or from all there are: one workspace's bad mail is that workspace's matter, and shaping stops it. */
  readonly spread: boolean
  readonly says: string
}

/**
 * The first rule that matches a reply counts it. Complaints: Google asks senders to stay below 0.1 % and never to reach 0.3 % (its sender
 * guidelines of 2024), Yahoo names the same 0.3 %.
 */
export const TROUBLE_RULES: readonly TroubleRule[] = [
  {
    name: 'listed',
    matches: {
      text: /\b(?:block ?list|black ?list|spamhaus|spamcop|barracuda|blocked using|listed (?:at|by|in|on)|ip address (?:is )?(?:listed|blocked|banned)|banned sending ip)/i,
    },
    hits: 3,
    percent: 0,
    windowMinutes: 60,
    pauseHours: 24,
    spread: false,
    says: 'replies say that its address is on a block list',
  },
  {
    name: 'reputation',
    matches: {
      text: /\b(?:reputation|unusual rate of (?:unsolicited )?mail|unsolicited mail (?:originating )?from your ip|poor sender|sending ip|your ip (?:address )?has)/i,
    },
    hits: 5,
    percent: 2,
    windowMinutes: 60,
    pauseHours: 24,
    spread: false,
    says: "replies speak of its address's reputation",
  },
  {
    name: 'policy',
    // 5.7.20 to 5.7.29 are DKIM, SPF, ARC and DMARC (RFC 7372, 8617), 5.7.30 is REQUIRETLS: of domains and transport, not of an address.
    matches: {
      enhanced: /^[45]\.7\.\d{1,3}$/,
      not: /^[45]\.7\.(?:[2-9]|1[0-9]|2[0-9]|30)$/,
    },
    hits: 20,
    percent: 10,
    windowMinutes: 60,
    pauseHours: 24,
    spread: true,
    says: 'policy replies (x.7.x)',
  },
  {
    name: 'complaints',
    hits: 3,
    percent: 0.3,
    windowMinutes: 60,
    pauseHours: 24,
    spread: true,
    says: 'complaints',
  },
]

/** The rule under which a reply counts; null: under none. */
export function troubleRuleOf(reply: {
  readonly enhanced: string | null
  readonly text: string
}): TroubleRule | null {
  const text = reply.text.slice(0, 1_000)
  return (
    TROUBLE_RULES.find(({ matches }) => {
      if (matches === undefined) return false
      if (matches.text !== undefined && !matches.text.test(text)) return false
      if (matches.enhanced !== undefined && !matches.enhanced.test(reply.enhanced ?? '')) return false
      return matches.not === undefined || !matches.not.test(reply.enhanced ?? '')
    }) ?? null
  )
}
