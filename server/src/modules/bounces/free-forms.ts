/** How servers and programs write bounces that are no RFC 3464 reports. */
export interface FreeForm {
  readonly id: string
  /** Looked for in the text before the returned message. */
  readonly pattern: RegExp
  /** Words that people use too: believed only of a null sender or a daemon. */
  readonly needsDaemon: boolean
}

const form = (id: string, pattern: RegExp, needsDaemon = false): FreeForm => ({ id, pattern, needsDaemon })

/** Programs first, languages last; the first that matches names the form. */
export const FREE_FORMS: readonly FreeForm[] = [
  form(
    'qmail',
    /^Hi\. This is the .{1,80} (?:program|deliver) at |I'm afraid I wasn't able to deliver your message to the following addresses/im,
  ),
  form('exim', /message was created automatically by mail delivery software/i),
  form('postfix', /^This is the (?:Postfix program|mail system) at host /im),
  form(
    'sendmail',
    /-{3,} ?The following addresses had (?:permanent|transient|delivery) .{0,40}errors ?-{3,}|-{3,} ?Transcript of session follows ?-{3,}/i,
  ),
  form(
    'exchange',
    /Your message did not reach some or all of the intended recipients|Delivery has failed to these recipients|Diagnostic information for administrators|wasn't able to be delivered because|Ihre Nachricht hat einige oder alle der beabsichtigten Empfänger nicht erreicht|Fehler bei der Nachrichtenzustellung an folgende Empfänger|Échec de la remise (?:pour|à) ces destinataires/i,
  ),
  form('domino', /\bwas not delivered to:\s|Delivery Failure Report/i),
  form(
    'gmail',
    /Delivery to the following recipients? (?:failed permanently|has been delayed)|Your message wasn't delivered to|There was a problem delivering your message to/i,
  ),
  form('yahoo', /unable to deliver your message to the following address/i),
  form('groupwise', /The message that you sent was undeliverable to the following/i),
  form('imail', /^(?:undeliverable to|User mailbox exceeds allowed size|Unknown user): /im),
  form(
    'mdaemon',
    /The following (?:data|message) may contain sections which represent BASE64|The attached message (?:has been|had) .{0,40}(?:undeliverable|delivery (?:problems|errors))/i,
  ),
  form(
    'mailenable',
    /The following recipient\(s\) could not be reached|The message could not be delivered to the following recipient/i,
  ),
  form('symantec', /(?:wasn't|was not) able to deliver the following message|failed addresses follow/i),
  form('t-online', /(?:Eine Nachricht, die Sie gesendet haben|Ihre E-Mail) konnte nicht/i),
  form(
    'german',
    /(?:konnte|kann|konnten|wurde) .{0,120}\bnicht\b.{0,40}\b(?:zugestellt|ausgeliefert|übermittelt|uebermittelt|zustellbar)|\bunzustellbar|Zustellung .{0,60}(?:fehlgeschlagen|gescheitert|nicht möglich)/i,
    true,
  ),
  form(
    'french',
    /n['’](?:a|ont|est) (?:pas |plus )?(?:pu )?(?:être |e?tre )?.{0,20}(?:remis|distribu|délivr|transmis|achemin)|non remis|échec (?:de|lors de) (?:la )?(?:remise|distribution)|impossible de (?:remettre|distribuer)/i,
    true,
  ),
  form(
    'spanish',
    /no (?:se (?:ha )?(?:pudo|podido)|ha podido ser|pudo ser) .{0,30}entreg|mensaje no entregado/i,
    true,
  ),
  form(
    'italian',
    /non (?:è stato possibile|ha potuto|può essere) .{0,40}(?:consegn|recapit)|mancata consegna/i,
    true,
  ),
  form('dutch', /(?:niet|kon niet) .{0,60}(?:bezorgd|afgeleverd|worden bezorgd)|onbestelbaar/i, true),
  form('portuguese', /não (?:pôde|pode|foi possível) .{0,40}entreg/i, true),
  form(
    'plain',
    /(?:could not|couldn't|cannot|can't|was not|wasn't|unable to|failed to|not able to) (?:be )?deliver|undeliver(?:able|ed)|delivery (?:has )?fail|returned mail|failure notice|permanent(?:ly)? (?:error|failure|failed)|delivery (?:is |has been )?delayed|mailbox (?:unavailable|full)|user unknown|no such user/i,
    true,
  ),
]

/** Where the returned message begins: what stands behind names everybody that the message named. */
export const RETURNED_MESSAGE =
  /^(?:-{2,} ?(?:Below this line is a copy of the message|This is a copy of (?:the|your) message|The header of the original message|Original message|Returned message|Message header follows|Message text follows|Ursprüngliche Nachricht|Message d'origine)|Original message headers:|Ursprüngliche Nachrichtenkopfzeilen:|En-têtes de message d'origine|(?:Return-Path|Received|DKIM-Signature|MIME-Version): |To: .{0,300}\r?\n?From: |>? ?From: .{0,300}\n>? ?To: )/im

/** The report says that it goes on trying. */
export const STILL_TRYING =
  /\b(?:has been|is|was) delayed\b|(?:not yet been|has not yet been|could not yet be) delivered|will (?:be (?:retried|attempted)|continue|keep trying|try again|retry)|still (?:being )?(?:tried|undelivered|trying)|temporarily (?:undeliverable|deferred)|no action is required on your part|you do not need to resend|noch nicht zugestellt|weitere (?:zustell)?versuche|pas encore (?:été )?(?:remis|distribué)|sera retent/i

/** Mailboxes of programs that send bounces. */
export const DAEMON =
  /^(?:mailer-daemon|mail-?daemon|postmaster|mail-?delivery(?:-?system)?|daemon|mdaemon|bounces?|delivery(?:failure)?|maildaemon|mmdf|smtp|root|microsoftexchange[0-9a-f]*|no-?reply)(?:[+=].*)?$/i

/** Subjects of answers that no person wrote (RFC 3834 §2 lets them have any). */
export const AUTO_REPLY_SUBJECT =
  /\b(?:out of (?:the )?office|auto(?:matic(?:ally)?|mated)?[- ]?(?:generated )?(?:reply|response|answer|antwort)|autoreply|autoresponder|abwesend|abwesenheit\w*|automatische antwort|nicht im (?:büro|haus)|réponse automatique|absence du bureau|absent du bureau|respuesta automática|fuera de (?:la )?oficina|risposta automatica|fuori sede|resposta automática|automatisch antwoord|afwezig\w*|vacation|on holiday|im urlaub|en vacances|je suis absent|autosvar|frånvaro\w*)/i

/** Asks a person to prove that it is one before the mail is shown. */
export const CHALLENGE =
  /(?:confirm|verify|authenticate|validate) (?:that )?(?:you(?:r)?(?: are| sent)?|this) .{0,60}(?:e-?mail|message|sender|human|person|address|identity)|(?:message|e-?mail|mail) .{0,60}(?:held|waiting|quarantined) (?:until|pending) .{0,60}(?:confirm|verif|approv)|challenge[- ]response|spam ?arrest|boxbe|\btmda\b|click (?:on )?(?:the )?(?:link|here) .{0,60}(?:to be added|whitelist|guest list|deliver your)|bestätigen sie .{0,60}(?:e-?mail|nachricht|absender)/i
