import type { BounceClass } from './classify.ts'

/** A text that tells more than its code. `id` is what an event names; `status` limits it to these subject.detail pairs. */
export interface ReplyRule {
  readonly id: string
  readonly pattern: RegExp
  readonly class: BounceClass
  readonly reason: string
  readonly status?: RegExp
}

const rule = (
  id: string,
  kind: BounceClass,
  reason: string,
  pattern: RegExp,
  status?: RegExp,
): ReplyRule => ({ id, class: kind, reason, pattern, ...(status === undefined ? {} : { status }) })

/**
 * About the sender, although the code may blame the recipient: real users have landed on suppression lists through 550 5.1.1 answers that were
 * about the sender (postal#1153). "Not listed in the directory" (Domino) is about the recipient. First of all rules.
 */
export const REPUTATION_RULES: readonly ReplyRule[] = [
  rule(
    'reputation.words',
    'reputation',
    'the receiver does not trust the sending address or domain',
    /\b(?:reputation|block ?list(?:ed)?|black ?list(?:ed)?|deny ?list(?:ed)?|(?<!not )listed (?:at|by|in|on)|spamhaus|spamcop|sorbs|uceprotect|barracuda|poor|abuse|rbls?|dnsbls?)\b/i,
  ),
  rule(
    'reputation.yahoo-deferred',
    'reputation',
    'Yahoo slows the sending address down because of complaints or volume',
    /\[?TSS?\d{2}\]?.{0,120}\b(?:deferred|user complaints|unexpected volume)\b|\bdue to (?:unexpected volume or )?user complaints\b/i,
  ),
  rule(
    'reputation.gmail-unsolicited-rate',
    'reputation',
    'Gmail slows the sending address down because of unsolicited mail',
    /unusual rate of unsolicited (?:mail|e-?mail)/i,
  ),
  rule(
    'reputation.orange',
    'reputation',
    'Orange does not trust the sending address',
    /\bOFR_?(?:1\d\d|506|999)\b|\bOFR(?:004|005|006|007)_/i,
  ),
  rule(
    'reputation.t-online',
    'reputation',
    'T-Online does not take mail from the sending address',
    /\btosa@|<address>.{0,20}rx\.t-online|ask your postmaster for help or to contact/i,
  ),
]

/**
 * What large receivers and common servers answer, where their code is missing, vague or means something else to everybody else. Before
 * the table of codes. Sources: the receivers' own lists of replies, and the servers' documentation.
 */
export const PROVIDER_RULES: readonly ReplyRule[] = [
  rule(
    'gmail.rate',
    'mailbox',
    'the mailbox receives more than it may',
    /receiving (?:mail|messages|e-?mail) (?:at a rate|too quickly)|recipient (?:rate|receive) limit|(?:at a rate|too quickly)\b/i,
    /^(?:2\.\d+|1\.\d+|7\.1|7\.28)$/,
  ),
  rule(
    'microsoft.directory',
    'recipient',
    'the address is not in the directory of the domain',
    /recipient address rejected: access denied/i,
    /^4\.1$/,
  ),
  rule(
    'microsoft.hotmail-unavailable',
    'recipient',
    'there is no such mailbox',
    /requested action not taken: mailbox unavailable/i,
    /^(?:5\.0|1\.1|2\.1)$/,
  ),
  rule(
    'microsoft.no-domain',
    'recipient',
    'the domain does not exist',
    /dns domain .{0,260}does not exist/i,
    /^(?:4\.310|4\.312)$/,
  ),
  rule(
    'microsoft.recipient-limit',
    'mailbox',
    'the mailbox receives more than it may',
    /message (?:rate )?limit|exceeded/i,
    /^2\.12[12]$/,
  ),
  rule(
    'microsoft.not-authorised',
    'policy',
    'the sender may not write to this recipient',
    /RESOLVER\.RST\.(?:NotAuthorized|AuthRequired|RestrictedToRecipientsPermission)|not authenticated sender|requires? that all senders are authenticated/i,
  ),
  rule(
    'microsoft.size',
    'content',
    'the message is larger than the mailbox takes',
    /RESOLVER\.RST\.(?:Recip|Send)SizeLimit/i,
  ),
  rule(
    'yahoo.no-account',
    'recipient',
    'there is no such mailbox',
    /\bthis user (?:doesn't|does not) have an? .{1,60}account\b|delivery error: dd requested mail action aborted/i,
  ),
  rule(
    'yahoo.disabled',
    'recipient',
    'the mailbox is disabled',
    /this mailbox is disabled|mailbox (?:is )?disabled \(5\d\d/i,
  ),
  rule(
    'inactive',
    'recipient',
    'the mailbox was closed because nobody used it',
    /(?:mailbox|account|user|address).{0,40}(?:inactiv|abandon|suspended due to inactivity)|blocked due to inactivity|over \d+ days? inactive/i,
  ),
  rule(
    'orange.unknown',
    'recipient',
    'there is no such mailbox',
    /OFR_?(?:416|417)|adresse d'? ?au moins un destinataire invalide/i,
  ),
  rule(
    'greylisted',
    'policy',
    'greylisted: a later try is taken',
    /\bgr[ea]y-?list(?:ed|ing)?\b|try again in \d+ (?:seconds|minutes)|postgrey/i,
  ),
  rule(
    'callout',
    'policy',
    'the receiver could not check the sender address',
    /sender verif(?:y|ication) (?:failed|error)|callback (?:setup )?failed|could not complete sender verify/i,
  ),
  rule(
    'relay',
    'policy',
    'the server does not take mail for this domain',
    /\brelay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:permitted|allowed))|unable to relay|\brcpthosts\b|we do not relay|not permitted to relay/i,
  ),
  rule(
    'client-name',
    'policy',
    'the reverse name or the greeting of the sending host does not fit',
    /cannot find your (?:reverse )?hostname|helo command rejected|reverse dns|\bptr record|need fully-qualified hostname|invalid helo|does not (?:resolve|have a reverse)/i,
  ),
  rule(
    'authentication',
    'policy',
    'SPF, DKIM or DMARC failed',
    /\b(?:dmarc|spf|dkim)\b.{0,60}\b(?:fail|reject|policy|pass|check|not (?:allowed|aligned|authori[sz]ed))|unauthenticated (?:e-?mail|mail|sender)|sender is unauthenticated/i,
  ),
  rule(
    'virus',
    'content',
    'the content is taken for dangerous',
    /\bvirus\b|\bmalware\b|infected|potential security issue|(?:attachment|file) (?:type|name|extension)?.{0,30}(?:not allowed|blocked|prohibited|forbidden|refused)|\bphish/i,
  ),
]

/** About the sender or the return path: a recipient's code is then not believed. */
export const SENDER_TEXT =
  /\b(?:sender|return[- ]path|mail from|from address|your (?:domain|ip|host|server))\b/i

/** Said of a mailbox, in the languages that bounces are written in. Used where there is no code, or a vague one. */
export const GENERIC_RULES: readonly ReplyRule[] = [
  rule(
    'text.full',
    'mailbox',
    'the mailbox is full',
    /\b(?:mailbox|mailfolder|inbox|user|account|recipient|storage|quota|postfach|boîte|boite|bo[iî]te aux lettres|buz[oó]n|casella)\b.{0,60}\b(?:is |ist |est |est[aá] |[eè] )?(?:over ?(?:quota|limit)|full|voll|überfüllt|ueberfuellt|pleine|satur[ée]e|lleno|piena|out of (?:storage|space))|\b(?:over|exceed(?:ed|s)?)\b.{0,30}\bquota\b|\bquota (?:exceeded|full|überschritten)|not enough (?:storage|space)|insufficient (?:system )?storage|out of storage space/i,
  ),
  rule(
    'text.size',
    'content',
    'the message is too large',
    /message (?:size|length)? ?(?:is )?(?:too (?:big|large)|exceeds?|exceeded)|too large|size limit|exceeds (?:the )?(?:maximum|size|fixed)|zu gro(?:ss|ß)|trop volumineux/i,
  ),
  rule(
    'text.disabled',
    'recipient',
    'the mailbox is disabled',
    /\b(?:mailbox|user|account|address|recipient|postfach|konto|compte)\b.{0,40}\b(?:disabled|deactivated|closed|locked|deleted|removed|terminated|expired|cancell?ed|no longer|deaktiviert|gesperrt|gelöscht|geloescht|geschlossen|désactivé|desactive|supprimé|ferm[ée])\b/i,
  ),
  rule(
    'text.unknown',
    'recipient',
    'there is no such mailbox',
    /\b(?:no such|unknown|invalid|non-?existent|unrouteable|unroutable|undeliverable|bad|unbekannte[rs]?|ungültige[rs]?)\b.{0,24}\b(?:user|recipient|mailbox|address|account|destination|alias|person|customer|addressee|empfänger|benutzer|adresse|postfach)\b/i,
  ),
  rule(
    'text.not-there',
    'recipient',
    'there is no such mailbox',
    /\b(?:user|recipient|mailbox|address|account|addressee|alias|empfänger|benutzer|adresse|postfach|destinataire|utilisateur|usuario|destinatario)\b.{0,60}\b(?:unknown|not (?:found|known|exist|listed|available|valid|recogni[sz]ed)|(?:does|do|did)(?: not|n't) (?:exist|have an?)|couldn't be found|wasn't found|unbekannt|nicht (?:gefunden|vorhanden|bekannt|existiert|existent)|existiert nicht|gibt es nicht|inconnu|n'existe (?:pas|plus)|introuvable|desconocido|no existe|inesistente|sconosciuto)\b/i,
  ),
  rule(
    'text.no-mailbox-here',
    'recipient',
    'there is no such mailbox',
    /no mailbox here by that name|not our customer|not listed in (?:the )?(?:domino|public name|address)|isn't a known|there is no (?:such )?(?:user|one)|doesn't have an? .{1,40}account|(?:konnte|could) (?:nicht|not) (?:zugeordnet|be resolved)|mailbox unavailable|user not in|recipient rejected|unable to find (?:the )?recipient|address couldn't be found/i,
  ),
  rule(
    'text.host-unknown',
    'recipient',
    'the domain does not exist',
    /couldn't find any host (?:by that name|named)|host unknown|domain (?:name )?(?:does not|doesn't) exist|unknown (?:mail )?(?:host|domain)|no such domain|illegal host\/domain|domain .{1,260} (?:couldn't|could not) be found|unrouteable mail domain/i,
  ),
  rule(
    'text.loop',
    'infrastructure',
    'the mail went round in a loop',
    /\bloop(?:ing|s)?\b|hop count|too many hops|received too many times/i,
  ),
  rule(
    'text.expired',
    'infrastructure',
    'it was tried for as long as it may be',
    /retry (?:time(?:out)?|limit) (?:not reached|exceeded)|(?:been )?in (?:the )?queue too long|delivery (?:time )?expired|message expired|gave up|not going to try again|retry time not reached/i,
  ),
  rule(
    'text.connection',
    'infrastructure',
    'the host there cannot be reached',
    /connection (?:timed out|refused|reset|lost|dropped)|no route to host|network is unreachable|host (?:or domain name )?(?:not found|is down)|name service error|wasn't able to establish an smtp connection|operation timed out|mx (?:records? )?(?:lookup|points? to)/i,
  ),
  rule(
    'text.later',
    'infrastructure',
    'the mail system there has a trouble of its own',
    /temporar(?:y|ily)|try (?:again )?later|service (?:is )?(?:not available|unavailable|busy)|resources? (?:temporarily )?unavailable|local error|internal (?:server )?error|server busy|out of memory/i,
  ),
  rule(
    'text.spam',
    'policy',
    'the message looks like spam to the receiver',
    /\bspam\b|unsolicited|\bjunk\b|\buce\b|content (?:rejected|filter)|message (?:content )?(?:was )?(?:rejected|blocked|refused|not accepted)|suspicious/i,
  ),
  rule(
    'text.policy',
    'policy',
    'the receiver’s policy',
    /polic(?:y|ies)|prohibit|not (?:permitted|allowed|authori[sz]ed|accepted)|access denied|refused|forbidden|blocked|banned|denied|rejected/i,
  ),
]
